-- hotspots: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `SOURCE_SQL_STREAM_001` (`ticker` VARCHAR(4), `price` DOUBLE, `qty` INT, `at` TIMESTAMP(3), `store-id` VARCHAR(16), `ROWTIME` TIMESTAMP(3)), time: arrival of the record
-- functions MESONET_HOTSPOTS

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `STREAM_PUMP_1` AS
SELECT `ticker`,
  `price`,
  `qty`,
  `HOTSPOTS_RESULT` AS `result_1`,
  `rowtime` AS `ROWTIME`
FROM MESONET_HOTSPOTS(input => TABLE `SOURCE_SQL_STREAM_001`, columns => U&'price\001fqty', window_size => 100, scan_radius => 1.5E0, minimum_points => 3, on_time => DESCRIPTOR(`ROWTIME`), uid => 'process_1_1');

CREATE TEMPORARY VIEW `DESTINATION_SQL_STREAM` AS
SELECT `ticker`,
  `price`,
  `qty`,
  CAST(`result_1` AS VARCHAR(10000)) AS `HOTSPOTS_RESULT_1`,
  `ROWTIME`
FROM `STREAM_PUMP_1`;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.DESTINATION_SQL_STREAM`
SELECT `ticker`, `price`, `qty`, `HOTSPOTS_RESULT_1` AS `HOTSPOTS_RESULT` FROM `DESTINATION_SQL_STREAM`;
END;
