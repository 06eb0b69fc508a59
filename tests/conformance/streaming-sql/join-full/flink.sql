-- join-full: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `SOURCE_SQL_STREAM_001` (`ticker` VARCHAR(4), `price` DOUBLE, `qty` INT, `at` TIMESTAMP(3), `store-id` VARCHAR(16), `ROWTIME` TIMESTAMP(3)), time: arrival of the record

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `L` AS
SELECT `ticker` AS `id`,
  `qty` AS `n`,
  `ROWTIME`
FROM `SOURCE_SQL_STREAM_001`
WHERE `store-id` = 'l';

CREATE TEMPORARY VIEW `R` AS
SELECT `ticker` AS `id`,
  `qty` AS `n`,
  `ROWTIME`
FROM `SOURCE_SQL_STREAM_001`
WHERE `store-id` = 'r';

CREATE TEMPORARY VIEW `PJ_1` AS
SELECT l.`id` AS `id`,
  l.`n` AS `n`,
  CAST(l.`ROWTIME` AS TIMESTAMP(3)) AS `left_time`,
  r.`id` AS `id_1`,
  r.`n` AS `n_1`,
  CAST(r.`ROWTIME` AS TIMESTAMP(3)) AS `right_time`,
  CASE WHEN r.`ROWTIME` IS NULL THEN CAST(l.`ROWTIME` + INTERVAL '10' SECOND AS TIMESTAMP(3)) WHEN l.`ROWTIME` IS NULL THEN CAST(r.`ROWTIME` + INTERVAL '10' SECOND AS TIMESTAMP(3)) WHEN CAST(l.`ROWTIME` AS TIMESTAMP(3)) >= CAST(r.`ROWTIME` AS TIMESTAMP(3)) THEN CAST(l.`ROWTIME` AS TIMESTAMP(3)) ELSE CAST(r.`ROWTIME` AS TIMESTAMP(3)) END AS `ROWTIME`
FROM `L` AS l
FULL JOIN `R` AS r
  ON l.`id` = r.`id`
  AND l.`ROWTIME` BETWEEN r.`ROWTIME` - INTERVAL '10' SECOND AND r.`ROWTIME` + INTERVAL '10' SECOND
  AND (l.`n` <> r.`n`);

CREATE TEMPORARY VIEW `OUT` AS
SELECT `n` AS `l`,
  `n_1` AS `r`,
  `left_time` AS `lt`,
  `right_time` AS `rt`,
  `ROWTIME` AS `t`,
  `ROWTIME`
FROM `PJ_1`;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.L`
SELECT `id`, `n` FROM `L`;
INSERT INTO `output.R`
SELECT `id`, `n` FROM `R`;
INSERT INTO `output.OUT`
SELECT `l`, `r`, `lt`, `rt`, `t` FROM `OUT`;
END;
