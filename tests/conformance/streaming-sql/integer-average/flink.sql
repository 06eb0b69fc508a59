-- integer-average: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `SOURCE_SQL_STREAM_001` (`ticker` VARCHAR(4), `price` DOUBLE, `qty` INT, `at` TIMESTAMP(3), `store-id` VARCHAR(16), `ROWTIME` TIMESTAMP(3)), time: arrival of the record

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `P_1` AS
SELECT `window_start` AS `window`,
  AVG(`qty`) AS `avg_1`,
  SUM(CAST(`qty` AS BIGINT)) AS `sum_2`,
  COUNT(`qty`) AS `count_3`,
  `window_time` AS `ROWTIME`
FROM TABLE(TUMBLE(TABLE `SOURCE_SQL_STREAM_001`, DESCRIPTOR(`ROWTIME`), INTERVAL '1' MINUTE))
GROUP BY `window_start`, `window_end`, `window_time`;

CREATE TEMPORARY VIEW `P_2` AS
SELECT `window`,
  `avg_1`,
  `sum_2`,
  `count_3`,
  COALESCE(CASE WHEN CAST(`sum_2` AS DOUBLE) IS NOT NULL AND CAST(`count_3` AS DOUBLE) = 0E0 THEN 'DIVISION_BY_ZERO' END, CASE WHEN NOT ABS(CAST(`sum_2` AS DOUBLE) / NULLIF(CAST(`count_3` AS DOUBLE), 0E0)) <= 1.7976931348623157E308 THEN 'NUMERIC_OVERFLOW' END) AS `ERROR_NAME`,
  `ROWTIME`
FROM `P_1`;

CREATE TEMPORARY VIEW `OUT` AS
SELECT `avg_1` AS `a`,
  CAST(`sum_2` AS DOUBLE) / NULLIF(CAST(`count_3` AS DOUBLE), 0E0) AS `s`,
  `ROWTIME`
FROM `P_2`
WHERE `ERROR_NAME` IS NULL;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.OUT`
SELECT `a`, `s` FROM `OUT`;
-- P: SELECT
INSERT INTO `error_stream`
SELECT `ERROR_NAME`,
  CAST(`ROWTIME` + INTERVAL '0.001' SECOND AS TIMESTAMP(3)) AS `ERROR_TIME`,
  JSON_ARRAY(CAST(`window` AS STRING), `avg_1`, `sum_2`, `count_3` NULL ON NULL) AS `DATA_ROW`
FROM `P_2`
WHERE `ERROR_NAME` IS NOT NULL;
END;
