-- random-cut-forest: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `SOURCE_SQL_STREAM_001` (`ticker` VARCHAR(4), `price` DOUBLE, `qty` INT, `at` TIMESTAMP(3), `store-id` VARCHAR(16), `ROWTIME` TIMESTAMP(3)), time: arrival of the record
-- functions MESONET_RANDOM_CUT_FOREST

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `STREAM_PUMP_1` AS
SELECT `ticker`,
  `price`,
  `qty`,
  `ANOMALY_SCORE` AS `result_1`,
  `ANOMALY_EXPLANATION` AS `result_2`,
  `rowtime` AS `ROWTIME`
FROM MESONET_RANDOM_CUT_FOREST(input => TABLE `SOURCE_SQL_STREAM_001`, columns => U&'price\001fqty', trees => 100, sample => 10, decay => 100000, shingle => 1, explanation => 'directions', on_time => DESCRIPTOR(`ROWTIME`), uid => 'process_1_1');

CREATE TEMPORARY VIEW `STREAM_PUMP_2` AS
SELECT `ticker`,
  `price`,
  `qty`,
  `result_1`,
  `result_2`,
  CASE WHEN `result_1` IS NOT NULL AND TRY_CAST(`result_1` AS DECIMAL(4, 1)) IS NULL THEN 'NUMERIC_OVERFLOW' END AS `ERROR_NAME`,
  `ROWTIME`
FROM `STREAM_PUMP_1`
WHERE ((`result_1` IS NULL) OR (`result_1` = 0)) OR (`result_1` > 3);

CREATE TEMPORARY VIEW `TEMP_STREAM` AS
SELECT `ticker`,
  `qty`,
  TRY_CAST(`result_1` AS DECIMAL(4, 1)) AS `ANOMALY_SCORE_1`,
  CAST(CASE WHEN `result_2` LIKE '{"price":{"DIRECTION":"HIGH"%' THEN 'high' ELSE 'low' END AS VARCHAR(4)) AS `price_is`,
  `ROWTIME`
FROM `STREAM_PUMP_2`
WHERE `ERROR_NAME` IS NULL;

CREATE TEMPORARY VIEW `DESTINATION_SQL_STREAM` AS
SELECT `ticker`,
  `qty`,
  `ANOMALY_SCORE_1`,
  `price_is`,
  `ROWTIME`
FROM `TEMP_STREAM`
WHERE `ANOMALY_SCORE_1` > 0;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.TEMP_STREAM`
SELECT `ticker`, `qty`, `ANOMALY_SCORE_1` AS `ANOMALY_SCORE`, `price_is` FROM `TEMP_STREAM`;
INSERT INTO `output.DESTINATION_SQL_STREAM`
SELECT `ticker`, `qty`, `ANOMALY_SCORE_1` AS `ANOMALY_SCORE`, `price_is` FROM `DESTINATION_SQL_STREAM`;
-- STREAM_PUMP: SELECT
INSERT INTO `error_stream`
SELECT `ERROR_NAME`,
  CAST(`ROWTIME` AS TIMESTAMP(3)) AS `ERROR_TIME`,
  JSON_ARRAY(`ticker`, `price`, `qty`, `result_1`, `result_2` NULL ON NULL) AS `DATA_ROW`
FROM `STREAM_PUMP_2`
WHERE `ERROR_NAME` IS NOT NULL;
END;
