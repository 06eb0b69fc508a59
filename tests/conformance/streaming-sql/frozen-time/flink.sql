-- frozen-time: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `SOURCE_SQL_STREAM_001` (`ticker` VARCHAR(4), `price` DOUBLE, `qty` INT, `at` TIMESTAMP(3), `store-id` VARCHAR(16), `ROWTIME` TIMESTAMP(3)), time: arrival of the record
-- functions MESONET_START_TIME

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `OUT` AS
SELECT MESONET_START_TIME() AS `a`,
  CAST(`ROWTIME` AS TIMESTAMP(3)) AS `b`,
  `ROWTIME`
FROM `SOURCE_SQL_STREAM_001`;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.OUT`
SELECT `a`, `b` FROM `OUT`;
END;
