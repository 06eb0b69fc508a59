-- order-by: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `SOURCE_SQL_STREAM_001` (`ticker` VARCHAR(4), `price` DOUBLE, `qty` INT, `at` TIMESTAMP(3), `store-id` VARCHAR(16), `ROWTIME` TIMESTAMP(3)), time: arrival of the record

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `P_1` AS
SELECT `ticker`,
  `price`,
  `qty`,
  `at`,
  `store-id`,
  CASE WHEN NOT ABS(`price` * 2E0) <= 1.7976931348623157E308 THEN 'NUMERIC_OVERFLOW' END AS `ERROR_NAME`,
  `ROWTIME`
FROM `SOURCE_SQL_STREAM_001`;

CREATE TEMPORARY VIEW `P_2` AS
SELECT `ticker`,
  `price` * 2E0 AS `c1`,
  `price` * 2E0 AS `c2`,
  `ROWTIME`
FROM `P_1`
WHERE `ERROR_NAME` IS NULL;

CREATE TEMPORARY VIEW `OUT` AS
SELECT `ticker`,
  `c1` AS `score`,
  `ROWTIME`
FROM `P_2`;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.OUT`
SELECT `ticker`, `score` FROM `OUT`;
-- P: SELECT
INSERT INTO `error_stream`
SELECT `ERROR_NAME`,
  CAST(`ROWTIME` AS TIMESTAMP(3)) AS `ERROR_TIME`,
  JSON_ARRAY(`ticker`, `price`, `qty`, CAST(`at` AS STRING), `store-id` NULL ON NULL) AS `DATA_ROW`
FROM `P_1`
WHERE `ERROR_NAME` IS NOT NULL;
END;
