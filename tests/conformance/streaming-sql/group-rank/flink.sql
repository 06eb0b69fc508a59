-- group-rank: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `SOURCE_SQL_STREAM_001` (`ticker` VARCHAR(4), `price` DOUBLE, `qty` INT, `at` TIMESTAMP(3), `store-id` VARCHAR(16), `ROWTIME` TIMESTAMP(3)), time: arrival of the record
-- functions MESONET_GROUP_RANK

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `ticker_grouped` AS
SELECT `window_start` AS `group_time`,
  CAST(`ticker` AS VARCHAR(65520)) AS `ticker`,
  CAST(COUNT(`ticker`) AS INT) AS `ticker_count`,
  `window_time` AS `ROWTIME`
FROM TABLE(TUMBLE(TABLE `SOURCE_SQL_STREAM_001`, DESCRIPTOR(`ROWTIME`), INTERVAL '1' SECOND))
GROUP BY `ticker`, `window_start`, `window_end`, `window_time`;

CREATE TEMPORARY VIEW `DESTINATION_SQL_STREAM_PUMP_1` AS
SELECT `group_time`,
  `ticker`,
  `ticker_count`,
  `GROUP_RANK` AS `result_1`,
  `rowtime` AS `ROWTIME`
FROM MESONET_GROUP_RANK(input => TABLE `ticker_grouped`, column_name => 'ticker_count', descending => TRUE, output_order => 'ascending', maximum => 0, on_time => DESCRIPTOR(`ROWTIME`), uid => 'process_2_1');

CREATE TEMPORARY VIEW `destination_sql_stream` AS
SELECT `group_time`,
  `ticker`,
  `ticker_count`,
  `result_1` AS `group_rank`,
  `ROWTIME`
FROM `DESTINATION_SQL_STREAM_PUMP_1`;

CREATE TEMPORARY VIEW `LEAST_PUMP_1` AS
SELECT `group_time`,
  `ticker`,
  `ticker_count`,
  `GROUP_RANK` AS `result_1`,
  `rowtime` AS `ROWTIME`
FROM MESONET_GROUP_RANK(input => TABLE `ticker_grouped`, column_name => 'ticker', descending => FALSE, output_order => 'descending', maximum => 2, on_time => DESCRIPTOR(`ROWTIME`), uid => 'process_3_1');

CREATE TEMPORARY VIEW `least` AS
SELECT `ticker`,
  `result_1` AS `rank`,
  `ROWTIME`
FROM `LEAST_PUMP_1`;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.ticker_grouped`
SELECT `group_time`, `ticker`, `ticker_count` FROM `ticker_grouped`;
INSERT INTO `output.destination_sql_stream`
SELECT `group_time`, `ticker`, `ticker_count`, `group_rank` FROM `destination_sql_stream`;
INSERT INTO `output.least`
SELECT `ticker`, `rank` FROM `least`;
END;
