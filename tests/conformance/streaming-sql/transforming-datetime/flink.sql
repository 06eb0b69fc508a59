-- transforming-datetime: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `SOURCE_SQL_STREAM_001` (`ticker` VARCHAR(4), `price` DOUBLE, `qty` INT, `at` TIMESTAMP(3), `store-id` VARCHAR(16), `ROWTIME` TIMESTAMP(3)), time: arrival of the record
-- functions MESONET_FLOOR_MILLIS, MESONET_FROM_MILLIS, MESONET_UNIX_MILLIS

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `P_1` AS
SELECT `ticker`,
  `price`,
  `qty`,
  `at`,
  `store-id`,
  CASE WHEN (MESONET_UNIX_MILLIS(`at`)) IS NOT NULL AND MESONET_FROM_MILLIS(MESONET_UNIX_MILLIS(`at`)) IS NULL THEN 'DATETIME_OVERFLOW' END AS `ERROR_NAME`,
  `ROWTIME`
FROM `SOURCE_SQL_STREAM_001`;

CREATE TEMPORARY VIEW `OUT` AS
SELECT CAST(DATE_FORMAT(`at`, 'dd.MM.yyyy HH:mm') AS VARCHAR(32)) AS `text`,
  MESONET_UNIX_MILLIS(`at`) AS `unix`,
  MESONET_FROM_MILLIS(MESONET_UNIX_MILLIS(`at`)) AS `back`,
  CAST(EXTRACT(YEAR FROM `at`) AS INT) AS `year`,
  CAST(EXTRACT(MONTH FROM `at`) AS INT) AS `month`,
  CAST(EXTRACT(HOUR FROM `at`) AS INT) AS `hour`,
  CAST(`at` AS DATE) AS `day`,
  (MESONET_UNIX_MILLIS(`at`)) - MESONET_FLOOR_MILLIS(MESONET_UNIX_MILLIS(`at`), 86400000) AS `clock`,
  CAST(`at` + INTERVAL '1' DAY AS TIMESTAMP(3)) AS `tomorrow`,
  MESONET_FROM_MILLIS(MESONET_FLOOR_MILLIS(MESONET_UNIX_MILLIS(`at`), 900000)) AS `quarter`,
  `ROWTIME`
FROM `P_1`
WHERE `ERROR_NAME` IS NULL;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.OUT`
SELECT `text`, `unix`, `back`, `year`, `month`, `hour`, `day`, `clock`, `tomorrow`, `quarter` FROM `OUT`;
-- P: SELECT
INSERT INTO `error_stream`
SELECT `ERROR_NAME`,
  CAST(`ROWTIME` AS TIMESTAMP(3)) AS `ERROR_TIME`,
  JSON_ARRAY(`ticker`, `price`, `qty`, CAST(`at` AS STRING), `store-id` NULL ON NULL) AS `DATA_ROW`
FROM `P_1`
WHERE `ERROR_NAME` IS NOT NULL;
END;
