-- distinct-and-union: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `SOURCE_SQL_STREAM_001` (`ticker` VARCHAR(4), `price` DOUBLE, `qty` INT, `at` TIMESTAMP(3), `store-id` VARCHAR(16), `ROWTIME` TIMESTAMP(3)), time: arrival of the record
-- functions MESONET_TUMBLE

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `P_1` AS
SELECT `ticker`,
  `qty`,
  FLOOR(CAST(`ROWTIME` AS TIMESTAMP(3)) TO MINUTE) AS `c2`,
  `ROWTIME`
FROM `SOURCE_SQL_STREAM_001`;

CREATE TEMPORARY VIEW `P_2` AS
SELECT `ticker`,
  `qty`,
  `c2`,
  `window_time` AS `ROWTIME`
FROM TABLE(TUMBLE(TABLE `P_1`, DESCRIPTOR(`ROWTIME`), INTERVAL '1' MINUTE))
GROUP BY `ticker`, `qty`, `c2`, `window_start`, `window_end`, `window_time`;

CREATE TEMPORARY VIEW `P_3` AS
SELECT `ticker`,
  `qty`,
  `c2`,
  `WINDOW_OPEN` AS `open`,
  `rowtime` AS `ROWTIME`
FROM MESONET_TUMBLE(input => TABLE `P_2` PARTITION BY `ticker`, width_millis => CAST(60000 AS BIGINT), origin_millis => CAST(59999 AS BIGINT), months => 0, on_time => DESCRIPTOR(`ROWTIME`), uid => 'process_1_3');

CREATE TEMPORARY VIEW `U_1` AS
SELECT `ticker`,
  CAST(`qty` AS DOUBLE) AS `qty`,
  `ROWTIME`
FROM `SOURCE_SQL_STREAM_001`
WHERE `qty` > 5
UNION ALL
SELECT `ticker`,
  `price` AS `qty`,
  `ROWTIME`
FROM `SOURCE_SQL_STREAM_001`
WHERE `price` > 5;

CREATE TEMPORARY VIEW `OUT` AS
SELECT `ticker`,
  CAST(COUNT(*) AS DOUBLE) AS `x`,
  CAST(`window_start` + INTERVAL '0.001' SECOND AS TIMESTAMP(3)) AS `ROWTIME`
FROM TABLE(TUMBLE(TABLE `P_3`, DESCRIPTOR(`ROWTIME`), INTERVAL '0.001' SECOND))
GROUP BY `ticker`, `open`, `window_start`, `window_end`, `window_time`
UNION ALL
SELECT `ticker`,
  `qty` AS `x`,
  CAST(`ROWTIME` AS TIMESTAMP(3)) AS `ROWTIME`
FROM `U_1`;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.OUT`
SELECT `ticker`, `x` FROM `OUT`;
END;
