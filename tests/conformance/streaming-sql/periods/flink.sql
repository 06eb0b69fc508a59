-- periods: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `SOURCE_SQL_STREAM_001` (`ticker` VARCHAR(4), `price` DOUBLE, `qty` INT, `at` TIMESTAMP(3), `store-id` VARCHAR(16), `ROWTIME` TIMESTAMP(3)), time: arrival of the record

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `OUT` AS
SELECT (TIMESTAMP '2020-01-01 10:00:00.000' <= `at`) AND (`at` < TIMESTAMP '2020-01-01 11:00:00.000') AS `in`,
  (`at` < TIMESTAMP '2020-01-01 11:00:00.000') AND (CAST(`at` + INTERVAL '30' MINUTE AS TIMESTAMP(3)) > TIMESTAMP '2020-01-01 10:00:00.000') AS `overlaps`,
  `at` = TIMESTAMP '2020-01-01 11:00:00.000' AS `meets`,
  NOT (CAST(`at` - INTERVAL '1' HOUR AS TIMESTAMP(3)) >= TIMESTAMP '2020-01-01 10:00:00.000') AS `before`,
  (`at` <= `at`) AND (CAST(`at` + INTERVAL '1' HOUR AS TIMESTAMP(3)) <= CAST(`at` + INTERVAL '1' HOUR AS TIMESTAMP(3))) AS `chain`,
  (`at` = `at`) AND (`at` = TIMESTAMP '2020-01-01 11:00:00.000') AS `equal`,
  (TIMESTAMP '2020-01-01 10:00:00.000' < `at`) AND (TIMESTAMP '2020-01-01 12:00:00.000' > TIMESTAMP '2020-01-01 11:30:00.000') AS `strictly`,
  `ROWTIME`
FROM `SOURCE_SQL_STREAM_001`;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.OUT`
SELECT `in`, `overlaps`, `meets`, `before`, `chain`, `equal`, `strictly` FROM `OUT`;
END;
