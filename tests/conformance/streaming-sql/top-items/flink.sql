-- top-items: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `SOURCE_SQL_STREAM_001` (`ticker` VARCHAR(4), `price` DOUBLE, `qty` INT, `at` TIMESTAMP(3), `store-id` VARCHAR(16), `ROWTIME` TIMESTAMP(3)), time: arrival of the record

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `P_1` AS
SELECT `ticker`,
  `window_start` AS `window`,
  COUNT(*) AS `count_1`,
  `window_start`,
  `window_end`,
  `window_time` AS `ROWTIME`
FROM TABLE(TUMBLE(TABLE `SOURCE_SQL_STREAM_001`, DESCRIPTOR(`ROWTIME`), INTERVAL '1' MINUTE))
GROUP BY `ticker`, `window_start`, `window_end`, `window_time`;

CREATE TEMPORARY VIEW `P_2` AS
SELECT `ticker`,
  `window`,
  `count_1`,
  `window_start`,
  `window_end`,
  ROW_NUMBER() OVER (PARTITION BY `window_start`, `window_end` ORDER BY `count_1` DESC NULLS FIRST, `ticker` ASC NULLS LAST) AS `PLACE`,
  `ROWTIME`
FROM `P_1`;

CREATE TEMPORARY VIEW `TOP` AS
SELECT `ticker` AS `item`,
  `count_1` AS `n`,
  CAST(`ROWTIME` + INTERVAL '0.001' SECOND AS TIMESTAMP(3)) AS `t`,
  `ROWTIME`
FROM `P_2`
WHERE `PLACE` <= 2;

CREATE TEMPORARY VIEW `Q_1` AS
SELECT `ticker`,
  `window_start` AS `window`,
  `window_time` AS `ROWTIME`
FROM TABLE(TUMBLE(TABLE `SOURCE_SQL_STREAM_001`, DESCRIPTOR(`ROWTIME`), INTERVAL '1' MINUTE))
GROUP BY `ticker`, `window_start`, `window_end`, `window_time`;

CREATE TEMPORARY VIEW `MANY` AS
SELECT COUNT(`ticker`) AS `n`,
  CAST(`window_start` + INTERVAL '0.001' SECOND AS TIMESTAMP(3)) AS `t`,
  `window_time` AS `ROWTIME`
FROM TABLE(TUMBLE(TABLE `Q_1`, DESCRIPTOR(`ROWTIME`), INTERVAL '0.001' SECOND))
GROUP BY `window_start`, `window_end`, `window_time`;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.TOP`
SELECT `item`, `n`, `t` FROM `TOP`;
INSERT INTO `output.MANY`
SELECT `n`, `t` FROM `MANY`;
END;
