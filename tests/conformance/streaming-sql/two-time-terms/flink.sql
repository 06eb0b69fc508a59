-- two-time-terms: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `SOURCE_SQL_STREAM_001` (`ticker` VARCHAR(4), `price` DOUBLE, `qty` INT, `at` TIMESTAMP(3), `store-id` VARCHAR(16), `ROWTIME` TIMESTAMP(3)), time: arrival of the record

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `P_1` AS
SELECT `ticker`,
  `price`,
  `qty`,
  `at`,
  `store-id`,
  FLOOR(CAST(`ROWTIME` AS TIMESTAMP(3)) TO MINUTE) AS `c9`,
  `ROWTIME`
FROM `SOURCE_SQL_STREAM_001`;

CREATE TEMPORARY VIEW `OUT` AS
SELECT COUNT(*) AS `n`,
  `c9` AS `minute`,
  `window_end` AS `t`,
  `window_time` AS `ROWTIME`
FROM TABLE(TUMBLE(TABLE `P_1`, DESCRIPTOR(`ROWTIME`), INTERVAL '30' SECOND))
GROUP BY `c9`, `window_start`, `window_end`, `window_time`;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.OUT`
SELECT `n`, `minute`, `t` FROM `OUT`;
END;
