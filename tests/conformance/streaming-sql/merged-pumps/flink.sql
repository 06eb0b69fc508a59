-- merged-pumps: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `SOURCE_SQL_STREAM_001` (`ticker` VARCHAR(4), `price` DOUBLE, `qty` INT, `at` TIMESTAMP(3), `store-id` VARCHAR(16), `ROWTIME` TIMESTAMP(3)), time: arrival of the record
-- functions MESONET_START_TIME

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `OUT` AS
SELECT CAST('minute' AS VARCHAR(8)) AS `what`,
  COUNT(*) AS `n`,
  `window_end` AS `t`,
  `window_end` AS `ROWTIME`
FROM TABLE(TUMBLE(TABLE `SOURCE_SQL_STREAM_001`, DESCRIPTOR(`ROWTIME`), INTERVAL '1' MINUTE))
GROUP BY `window_start`, `window_end`, `window_time`
UNION ALL
SELECT CAST('row' AS VARCHAR(8)) AS `what`,
  CAST(NULL AS BIGINT) AS `n`,
  CAST(`ROWTIME` AS TIMESTAMP(3)) AS `t`,
  CAST(`ROWTIME` AS TIMESTAMP(3)) AS `ROWTIME`
FROM `SOURCE_SQL_STREAM_001`
UNION ALL
SELECT CAST(`c0` AS VARCHAR(8)) AS `what`,
  CAST(`c1` AS BIGINT) AS `n`,
  CAST(NULL AS TIMESTAMP(3)) AS `t`,
  MESONET_START_TIME() AS `ROWTIME`
FROM (VALUES
  (CAST('start' AS VARCHAR(5)), CAST(0 AS INT))) AS v(`c0`, `c1`);

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.OUT`
SELECT `what`, `n`, `t` FROM `OUT`;
END;
