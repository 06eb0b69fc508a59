-- throttled-alerts: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `SOURCE_SQL_STREAM_001` (`ticker` VARCHAR(4), `price` DOUBLE, `qty` INT, `at` TIMESTAMP(3), `store-id` VARCHAR(16), `ROWTIME` TIMESTAMP(3)), time: arrival of the record

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `CHANGES` AS
SELECT `ticker`,
  `price`,
  `ROWTIME`
FROM `SOURCE_SQL_STREAM_001`
WHERE `price` > 1;

CREATE TEMPORARY VIEW `P2_1` AS
SELECT `ticker`,
  `price`,
  COUNT(*) OVER (PARTITION BY `ticker` ORDER BY `ROWTIME` RANGE BETWEEN INTERVAL '1' MINUTE PRECEDING AND CURRENT ROW) AS `count`,
  `ROWTIME`
FROM `CHANGES`;

CREATE TEMPORARY VIEW `COUNTED` AS
SELECT `ticker`,
  `price`,
  `count`,
  `ROWTIME`
FROM `P2_1`;

CREATE TEMPORARY VIEW `ALERTS` AS
SELECT `ticker`,
  `price`,
  `ROWTIME`
FROM `COUNTED`
WHERE `count` = 1;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.CHANGES`
SELECT `ticker`, `price` FROM `CHANGES`;
INSERT INTO `output.COUNTED`
SELECT `ticker`, `price`, `count` FROM `COUNTED`;
INSERT INTO `output.ALERTS`
SELECT `ticker`, `price` FROM `ALERTS`;
END;
