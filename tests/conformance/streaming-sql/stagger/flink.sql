-- stagger: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `SOURCE_SQL_STREAM_001` (`ticker` VARCHAR(4), `price` DOUBLE, `qty` INT, `at` TIMESTAMP(3), `store-id` VARCHAR(16), `ROWTIME` TIMESTAMP(3)), time: arrival of the record
-- functions MESONET_STAGGER

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `P_1` AS
SELECT `ticker`,
  `price`,
  `qty`,
  `at`,
  `store-id`,
  `WINDOW_OPEN` AS `open`,
  `rowtime` AS `ROWTIME`
FROM MESONET_STAGGER(input => TABLE `SOURCE_SQL_STREAM_001` PARTITION BY `ticker`, range_millis => CAST(60000 AS BIGINT), on_time => DESCRIPTOR(`ROWTIME`), uid => 'process_1_1');

CREATE TEMPORARY VIEW `OUT` AS
SELECT `ticker`,
  COUNT(*) AS `n`,
  `window_start` AS `closed`,
  `window_time` AS `ROWTIME`
FROM TABLE(TUMBLE(TABLE `P_1`, DESCRIPTOR(`ROWTIME`), INTERVAL '0.001' SECOND))
GROUP BY `ticker`, `open`, `window_start`, `window_end`, `window_time`;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.OUT`
SELECT `ticker`, `n`, `closed` FROM `OUT`;
END;
