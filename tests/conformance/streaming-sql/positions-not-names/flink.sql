-- positions-not-names: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `SOURCE_SQL_STREAM_001` (`ticker` VARCHAR(4), `price` DOUBLE, `qty` INT, `at` TIMESTAMP(3), `store-id` VARCHAR(16), `ROWTIME` TIMESTAMP(3)), time: arrival of the record

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `OUT` AS
SELECT MIN(`price`) AS `high`,
  MAX(`price`) AS `low`,
  `window_time` AS `ROWTIME`
FROM TABLE(TUMBLE(TABLE `SOURCE_SQL_STREAM_001`, DESCRIPTOR(`ROWTIME`), INTERVAL '1' MINUTE))
GROUP BY `window_start`, `window_end`, `window_time`;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.OUT`
SELECT `high`, `low` FROM `OUT`;
END;
