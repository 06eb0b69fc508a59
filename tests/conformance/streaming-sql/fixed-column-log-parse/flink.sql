-- fixed-column-log-parse: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `SOURCE_SQL_STREAM_001` (`SECTOR` VARCHAR(24), `log` VARCHAR(1024), `Col_A` VARCHAR(16), `ROWTIME` TIMESTAMP(3)), time: arrival of the record
-- functions MESONET_LOG_PARSE, MESONET_PARSE_TIMESTAMP, MESONET_TO_DOUBLE

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `P_1` AS
SELECT `SECTOR`,
  `log`,
  `Col_A`,
  MESONET_LOG_PARSE(`log`, '{"kind":"fixedColumns","spans":[{"start":0,"length":5},{"start":5,"length":6},{"start":11,"length":8},{"start":19}]}', CAST(`ROWTIME` AS TIMESTAMP(3))) AS `log_1`,
  `ROWTIME`
FROM `SOURCE_SQL_STREAM_001`;

CREATE TEMPORARY VIEW `P_2` AS
SELECT `SECTOR`,
  `log`,
  `Col_A`,
  `log_1`,
  COALESCE(CASE WHEN `log_1` IS NOT NULL AND CAST(`log_1`[1] AS VARCHAR(8)) IS NULL THEN 'NOT_NULL' END, CASE WHEN NULLIF(TRIM(`log_1`[2]), '') IS NOT NULL AND MESONET_TO_DOUBLE(NULLIF(TRIM(`log_1`[2]), '')) IS NULL THEN 'INVALID_CAST' END, CASE WHEN NULLIF(TRIM(`log_1`[3]), '') IS NOT NULL AND MESONET_PARSE_TIMESTAMP(NULLIF(TRIM(`log_1`[3]), ''), 'yyyyMMdd') IS NULL THEN 'INVALID_CAST' END) AS `ERROR_NAME`,
  `ROWTIME`
FROM `P_1`;

CREATE TEMPORARY VIEW `P_3` AS
SELECT `SECTOR`,
  `log`,
  `Col_A`,
  CAST(`log_1`[1] AS VARCHAR(8)) AS `station`,
  MESONET_TO_DOUBLE(NULLIF(TRIM(`log_1`[2]), '')) AS `value`,
  CAST(MESONET_PARSE_TIMESTAMP(NULLIF(TRIM(`log_1`[3]), ''), 'yyyyMMdd') AS DATE) AS `day`,
  CAST(`log_1`[4] AS VARCHAR(4)) AS `rest`,
  `ROWTIME`
FROM `P_2`
WHERE `ERROR_NAME` IS NULL;

CREATE TEMPORARY VIEW `OUT` AS
SELECT `station`,
  `value`,
  `day`,
  CAST(`rest` AS VARCHAR(8)) AS `rest`,
  `ROWTIME`
FROM `P_3`;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.OUT`
SELECT `station`, `value`, `day`, `rest` FROM `OUT`;
-- P: log parser
INSERT INTO `error_stream`
SELECT `ERROR_NAME`,
  CAST(`ROWTIME` AS TIMESTAMP(3)) AS `ERROR_TIME`,
  JSON_ARRAY(`SECTOR`, `log`, `Col_A`, '' NULL ON NULL) AS `DATA_ROW`
FROM `P_2`
WHERE `ERROR_NAME` IS NOT NULL;
END;
