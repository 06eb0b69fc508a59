-- row-and-time-windows: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `SOURCE_SQL_STREAM_001` (`ticker` VARCHAR(4), `price` DOUBLE, `qty` INT, `at` TIMESTAMP(3), `store-id` VARCHAR(16), `ROWTIME` TIMESTAMP(3)), time: arrival of the record
-- functions MESONET_EXP_AVG, MESONET_NTH_VALUE

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `P_1` AS
SELECT `ticker`,
  `price`,
  `qty`,
  `at`,
  `store-id`,
  0 AS `c9`,
  `ROWTIME`
FROM `SOURCE_SQL_STREAM_001`;

CREATE TEMPORARY VIEW `P_2` AS
SELECT `ticker`,
  `price`,
  `qty`,
  `at`,
  `store-id`,
  `c9`,
  COUNT(*) OVER (ORDER BY `ROWTIME` RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW) AS `count`,
  MESONET_EXP_AVG(`price`, CAST(`ROWTIME` AS TIMESTAMP(3)), CAST(3600000 AS BIGINT)) OVER (ORDER BY `ROWTIME` RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW) AS `exp_avg`,
  `ROWTIME`
FROM `P_1`;

CREATE TEMPORARY VIEW `P_3` AS
SELECT `ticker`,
  `price`,
  `qty`,
  `at`,
  `store-id`,
  `c9`,
  `count`,
  `exp_avg`,
  SUM(`price`) OVER (ORDER BY `ROWTIME` ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS `sum`,
  MESONET_NTH_VALUE(`price`, CAST(2 AS BIGINT)) OVER (ORDER BY `ROWTIME` ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS `nth_value`,
  `ROWTIME`
FROM `P_2`;

CREATE TEMPORARY VIEW `P_4` AS
SELECT `ticker`,
  `price`,
  `qty`,
  `at`,
  `store-id`,
  `c9`,
  `count`,
  `exp_avg`,
  `sum`,
  `nth_value`,
  CASE WHEN COUNT(*) OVER (ORDER BY `ROWTIME` ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) <= 1 THEN CAST(`c9` AS DOUBLE) ELSE MESONET_NTH_VALUE(`price`, CAST(1 AS BIGINT)) OVER (ORDER BY `ROWTIME` ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) END AS `lag`,
  `ROWTIME`
FROM `P_3`;

CREATE TEMPORARY VIEW `P_5` AS
SELECT `ticker`,
  `price`,
  `qty`,
  `at`,
  `store-id`,
  `c9`,
  `count`,
  `exp_avg`,
  `sum`,
  `nth_value`,
  `lag`,
  MIN(`price`) OVER (PARTITION BY `ticker` ORDER BY `ROWTIME` ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS `min`,
  `ROWTIME`
FROM `P_4`;

CREATE TEMPORARY VIEW `OUT` AS
SELECT CAST(`ROWTIME` AS TIMESTAMP(3)) AS `t`,
  `price`,
  `count` AS `rows`,
  `sum`,
  `lag` AS `before`,
  `nth_value` AS `second`,
  `min` AS `low`,
  `exp_avg` AS `fading`,
  `ROWTIME`
FROM `P_5`;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.OUT`
SELECT `t`, `price`, `rows`, `sum`, `before`, `second`, `low`, `fading` FROM `OUT`;
END;
