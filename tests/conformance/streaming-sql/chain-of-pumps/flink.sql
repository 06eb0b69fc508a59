-- chain-of-pumps: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `SOURCE_SQL_STREAM_001` (`ticker` VARCHAR(4), `price` DOUBLE, `qty` INT, `at` TIMESTAMP(3), `store-id` VARCHAR(16), `ROWTIME` TIMESTAMP(3)), time: arrival of the record

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `P1_1` AS
SELECT `ticker`,
  `window_start` AS `window`,
  SUM(CAST(`qty` AS BIGINT)) AS `sum_1`,
  COUNT(*) AS `count_2`,
  `window_time` AS `ROWTIME`
FROM TABLE(TUMBLE(TABLE `SOURCE_SQL_STREAM_001`, DESCRIPTOR(`ROWTIME`), INTERVAL '1' MINUTE))
GROUP BY `ticker`, `window_start`, `window_end`, `window_time`;

CREATE TEMPORARY VIEW `MINUTE` AS
SELECT `ticker`,
  `sum_1` AS `volume`,
  `ROWTIME`
FROM `P1_1`
WHERE `count_2` > 1;

CREATE TEMPORARY VIEW `BUSY` AS
SELECT `ticker`,
  CAST('cheap!!!!' AS VARCHAR(8)) AS `note`,
  CAST(NULL AS BIGINT) AS `volume`,
  CAST(NULL AS TIMESTAMP(3)) AS `t`,
  CAST(`ROWTIME` AS TIMESTAMP(3)) AS `ROWTIME`
FROM `SOURCE_SQL_STREAM_001`
WHERE `price` < 1
UNION ALL
SELECT `ticker`,
  CAST(NULL AS VARCHAR(8)) AS `note`,
  `volume`,
  CAST(`ROWTIME` + INTERVAL '0.001' SECOND AS TIMESTAMP(3)) AS `t`,
  CAST(`ROWTIME` + INTERVAL '0.001' SECOND AS TIMESTAMP(3)) AS `ROWTIME`
FROM `MINUTE`
WHERE `volume` >= 10;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.MINUTE`
SELECT `ticker`, `volume` FROM `MINUTE`;
INSERT INTO `output.BUSY`
SELECT `ticker`, `note`, `volume`, `t` FROM `BUSY`;
END;
