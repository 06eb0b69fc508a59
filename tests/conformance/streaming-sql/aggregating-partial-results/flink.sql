-- aggregating-partial-results: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `SOURCE_SQL_STREAM_001` (`ticker` VARCHAR(4), `price` DOUBLE, `qty` INT, `at` TIMESTAMP(3), `store-id` VARCHAR(16), `ROWTIME` TIMESTAMP(3)), time: arrival of the record

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `P1_1` AS
SELECT `ticker`,
  `price`,
  `qty`,
  `at`,
  `store-id`,
  FLOOR(`at` TO MINUTE) AS `c9`,
  `ROWTIME`
FROM `SOURCE_SQL_STREAM_001`;

CREATE TEMPORARY VIEW `PARTIAL` AS
SELECT `ticker`,
  `c9` AS `minute`,
  COUNT(*) AS `orders`,
  `window_time` AS `ROWTIME`
FROM TABLE(TUMBLE(TABLE `P1_1`, DESCRIPTOR(`ROWTIME`), INTERVAL '1' MINUTE))
GROUP BY `ticker`, `c9`, `window_start`, `window_end`, `window_time`;

CREATE TEMPORARY VIEW `P2_1` AS
SELECT `ticker`,
  `minute`,
  `orders`,
  SUM(`orders`) OVER (PARTITION BY `ticker`, `minute` ORDER BY `ROWTIME` RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW) AS `sum`,
  `ROWTIME`
FROM `PARTIAL`;

CREATE TEMPORARY VIEW `TOTAL` AS
SELECT `ticker`,
  `minute`,
  `sum` AS `orders`,
  `ROWTIME`
FROM `P2_1`;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.PARTIAL`
SELECT `ticker`, `minute`, `orders` FROM `PARTIAL`;
INSERT INTO `output.TOTAL`
SELECT `ticker`, `minute`, `orders` FROM `TOTAL`;
END;
