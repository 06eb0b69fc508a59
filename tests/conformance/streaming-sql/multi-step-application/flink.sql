-- multi-step-application: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `SOURCE_SQL_STREAM_001` (`ticker` VARCHAR(4), `price` DOUBLE, `qty` INT, `at` TIMESTAMP(3), `store-id` VARCHAR(16), `ROWTIME` TIMESTAMP(3)), time: arrival of the record

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `P1_1` AS
SELECT `ticker`,
  `price`,
  `qty`,
  `at`,
  `store-id`,
  CASE WHEN NOT ABS(`price` * CAST(`qty` AS DOUBLE)) <= 1.7976931348623157E308 THEN 'NUMERIC_OVERFLOW' END AS `ERROR_NAME`,
  `ROWTIME`
FROM `SOURCE_SQL_STREAM_001`
WHERE `qty` > 0;

CREATE TEMPORARY VIEW `ORDERS` AS
SELECT `ticker`,
  `price` * CAST(`qty` AS DOUBLE) AS `total`,
  `ROWTIME`
FROM `P1_1`
WHERE `ERROR_NAME` IS NULL;

CREATE TEMPORARY VIEW `ORDERS_BY_MINUTE` AS
SELECT `ticker`,
  COUNT(*) AS `orders`,
  SUM(`total`) AS `total`,
  `window_time` AS `ROWTIME`
FROM TABLE(TUMBLE(TABLE `ORDERS`, DESCRIPTOR(`ROWTIME`), INTERVAL '1' MINUTE))
GROUP BY `ticker`, `window_start`, `window_end`, `window_time`;

CREATE TEMPORARY VIEW `P3_1` AS
SELECT `ticker`,
  `orders`,
  `total`,
  COALESCE(CASE WHEN `total` IS NOT NULL AND CAST(`orders` AS DOUBLE) = 0E0 THEN 'DIVISION_BY_ZERO' END, CASE WHEN NOT ABS(`total` / NULLIF(CAST(`orders` AS DOUBLE), 0E0)) <= 1.7976931348623157E308 THEN 'NUMERIC_OVERFLOW' END) AS `ERROR_NAME`,
  `ROWTIME`
FROM `ORDERS_BY_MINUTE`
WHERE `orders` >= 2;

CREATE TEMPORARY VIEW `BUSY` AS
SELECT `ticker`,
  `orders`,
  `total` / NULLIF(CAST(`orders` AS DOUBLE), 0E0) AS `mean`,
  CAST(`ROWTIME` + INTERVAL '0.001' SECOND AS TIMESTAMP(3)) AS `closed`,
  `ROWTIME`
FROM `P3_1`
WHERE `ERROR_NAME` IS NULL;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.ORDERS`
SELECT `ticker`, `total` FROM `ORDERS`;
INSERT INTO `output.ORDERS_BY_MINUTE`
SELECT `ticker`, `orders`, `total` FROM `ORDERS_BY_MINUTE`;
INSERT INTO `output.BUSY`
SELECT `ticker`, `orders`, `mean`, `closed` FROM `BUSY`;
-- P1: SELECT
INSERT INTO `error_stream`
SELECT `ERROR_NAME`,
  CAST(`ROWTIME` AS TIMESTAMP(3)) AS `ERROR_TIME`,
  JSON_ARRAY(`ticker`, `price`, `qty`, CAST(`at` AS STRING), `store-id` NULL ON NULL) AS `DATA_ROW`
FROM `P1_1`
WHERE `ERROR_NAME` IS NOT NULL;
-- P3: SELECT
INSERT INTO `error_stream`
SELECT `ERROR_NAME`,
  CAST(`ROWTIME` + INTERVAL '0.001' SECOND AS TIMESTAMP(3)) AS `ERROR_TIME`,
  JSON_ARRAY(`ticker`, `orders`, `total` NULL ON NULL) AS `DATA_ROW`
FROM `P3_1`
WHERE `ERROR_NAME` IS NOT NULL;
END;
