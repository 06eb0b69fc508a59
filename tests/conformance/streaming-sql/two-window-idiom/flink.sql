-- two-window-idiom: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `SOURCE_SQL_STREAM_001` (`ticker` VARCHAR(4), `price` DOUBLE, `qty` INT, `at` TIMESTAMP(3), `store-id` VARCHAR(16), `ROWTIME` TIMESTAMP(3)), time: arrival of the record
-- functions MESONET_FIRST_VALUE, MESONET_LAST_VALUE

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `P_1` AS
SELECT `ticker`,
  `price`,
  `qty`,
  `at`,
  `store-id`,
  FLOOR(`at` TO MINUTE) AS `c9`,
  `ROWTIME`
FROM `SOURCE_SQL_STREAM_001`;

CREATE TEMPORARY VIEW `OUT` AS
SELECT `c9` AS `event_minute`,
  CAST(COUNT(*) AS INT) AS `n`,
  MESONET_FIRST_VALUE(`price`, CAST(`ROWTIME` AS TIMESTAMP(3))) AS `first`,
  MESONET_LAST_VALUE(`price`, CAST(`ROWTIME` AS TIMESTAMP(3))) AS `last`,
  `window_time` AS `ROWTIME`
FROM TABLE(TUMBLE(TABLE `P_1`, DESCRIPTOR(`ROWTIME`), INTERVAL '1' MINUTE))
GROUP BY `c9`, `window_start`, `window_end`, `window_time`;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.OUT`
SELECT `event_minute`, `n`, `first`, `last` FROM `OUT`;
END;
