-- calendar-windows: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `SOURCE_SQL_STREAM_001` (`ticker` VARCHAR(4), `price` DOUBLE, `qty` INT, `at` TIMESTAMP(3), `store-id` VARCHAR(16), `ROWTIME` TIMESTAMP(3)), time: arrival of the record
-- functions MESONET_TUMBLE

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `P1_1` AS
SELECT `ticker`,
  `price`,
  `qty`,
  `at`,
  `store-id`,
  `WINDOW_OPEN` AS `open`,
  `rowtime` AS `ROWTIME`
FROM MESONET_TUMBLE(input => TABLE `SOURCE_SQL_STREAM_001`, width_millis => CAST(604800000 AS BIGINT), origin_millis => CAST(259200000 AS BIGINT), months => 0, on_time => DESCRIPTOR(`ROWTIME`), uid => 'process_1_1');

CREATE TEMPORARY VIEW `P2_1` AS
SELECT `ticker`,
  `price`,
  `qty`,
  `at`,
  `store-id`,
  `WINDOW_OPEN` AS `open`,
  `rowtime` AS `ROWTIME`
FROM MESONET_TUMBLE(input => TABLE `SOURCE_SQL_STREAM_001`, width_millis => CAST(0 AS BIGINT), origin_millis => CAST(0 AS BIGINT), months => 1, on_time => DESCRIPTOR(`ROWTIME`), uid => 'process_2_1');

CREATE TEMPORARY VIEW `P3_1` AS
SELECT `ticker`,
  `price`,
  `qty`,
  `at`,
  `store-id`,
  `WINDOW_OPEN` AS `open`,
  `rowtime` AS `ROWTIME`
FROM MESONET_TUMBLE(input => TABLE `SOURCE_SQL_STREAM_001`, width_millis => CAST(86400000 AS BIGINT), origin_millis => CAST(64800000 AS BIGINT), months => 0, on_time => DESCRIPTOR(`ROWTIME`), uid => 'process_3_1');

CREATE TEMPORARY VIEW `OUT` AS
SELECT CAST('week' AS VARCHAR(8)) AS `unit`,
  `open` AS `from`,
  COUNT(*) AS `n`,
  `window_start` AS `to`,
  `window_time` AS `ROWTIME`
FROM TABLE(TUMBLE(TABLE `P1_1`, DESCRIPTOR(`ROWTIME`), INTERVAL '0.001' SECOND))
GROUP BY `open`, `window_start`, `window_end`, `window_time`
UNION ALL
SELECT CAST('month' AS VARCHAR(8)) AS `unit`,
  `open` AS `from`,
  COUNT(*) AS `n`,
  `window_start` AS `to`,
  `window_time` AS `ROWTIME`
FROM TABLE(TUMBLE(TABLE `P2_1`, DESCRIPTOR(`ROWTIME`), INTERVAL '0.001' SECOND))
GROUP BY `open`, `window_start`, `window_end`, `window_time`
UNION ALL
SELECT CAST('shifted' AS VARCHAR(8)) AS `unit`,
  FLOOR(CAST(`open` + INTERVAL '6' HOUR AS TIMESTAMP(3)) TO DAY) AS `from`,
  COUNT(*) AS `n`,
  `window_start` AS `to`,
  `window_time` AS `ROWTIME`
FROM TABLE(TUMBLE(TABLE `P3_1`, DESCRIPTOR(`ROWTIME`), INTERVAL '0.001' SECOND))
GROUP BY `open`, `window_start`, `window_end`, `window_time`;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.OUT`
SELECT `unit`, `from`, `n`, `to` FROM `OUT`;
END;
