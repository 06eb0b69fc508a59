-- sliding-windows: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `SOURCE_SQL_STREAM_001` (`ticker` VARCHAR(4), `price` DOUBLE, `qty` INT, `at` TIMESTAMP(3), `store-id` VARCHAR(16), `ROWTIME` TIMESTAMP(3)), time: arrival of the record
-- functions MESONET_NTH_VALUE

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `P_1` AS
SELECT `ticker`,
  `price`,
  `qty`,
  `at`,
  `store-id`,
  -1 AS `c9`,
  `ROWTIME`
FROM `SOURCE_SQL_STREAM_001`;

CREATE TEMPORARY VIEW `P_2` AS
SELECT `ticker`,
  `price`,
  `qty`,
  `at`,
  `store-id`,
  `c9`,
  AVG(`price`) OVER (PARTITION BY `ticker` ORDER BY `ROWTIME` ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS `avg`,
  `ROWTIME`
FROM `P_1`;

CREATE TEMPORARY VIEW `P_3` AS
SELECT `ticker`,
  `price`,
  `qty`,
  `at`,
  `store-id`,
  `c9`,
  `avg`,
  CASE WHEN COUNT(*) OVER (PARTITION BY `ticker` ORDER BY `ROWTIME` ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) <= 1 THEN CAST(`c9` AS DOUBLE) ELSE MESONET_NTH_VALUE(`price`, CAST(1 AS BIGINT)) OVER (PARTITION BY `ticker` ORDER BY `ROWTIME` ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) END AS `lag`,
  `ROWTIME`
FROM `P_2`;

CREATE TEMPORARY VIEW `P_4` AS
SELECT `ticker`,
  `price`,
  `qty`,
  `at`,
  `store-id`,
  `c9`,
  `avg`,
  `lag`,
  SUM(`price`) OVER (PARTITION BY `ticker` ORDER BY `ROWTIME` RANGE BETWEEN INTERVAL '10' SECOND PRECEDING AND CURRENT ROW) AS `sum`,
  MAX(`price`) OVER (PARTITION BY `ticker` ORDER BY `ROWTIME` RANGE BETWEEN INTERVAL '10' SECOND PRECEDING AND CURRENT ROW) AS `max`,
  COUNT(*) OVER (PARTITION BY `ticker` ORDER BY `ROWTIME` RANGE BETWEEN INTERVAL '10' SECOND PRECEDING AND CURRENT ROW) AS `count`,
  `ROWTIME`
FROM `P_3`;

CREATE TEMPORARY VIEW `OUT` AS
SELECT `ticker`,
  `avg` AS `avg2`,
  `sum` AS `sum10`,
  `max` AS `max10`,
  CAST(`count` AS INT) AS `n10`,
  `lag`,
  CAST(CASE WHEN `count` > 2 THEN 'ALARM' ELSE NULL END AS VARCHAR(5)) AS `alert`,
  `ROWTIME`
FROM `P_4`;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.OUT`
SELECT `ticker`, `avg2`, `sum10`, `max10`, `n10`, `lag`, `alert` FROM `OUT`;
END;
