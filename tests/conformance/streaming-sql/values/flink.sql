-- values: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `SOURCE_SQL_STREAM_001` (`ticker` VARCHAR(4), `price` DOUBLE, `qty` INT, `at` TIMESTAMP(3), `store-id` VARCHAR(16), `ROWTIME` TIMESTAMP(3)), time: arrival of the record
-- functions MESONET_START_TIME

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `NAMES` AS
SELECT CAST(`c0` AS VARCHAR(4)) AS `ticker`,
  CAST(`c1` AS VARCHAR(8)) AS `name`,
  MESONET_START_TIME() AS `ROWTIME`
FROM (VALUES
  (CAST('A' AS VARCHAR(1)), CAST(CAST('Anna' AS VARCHAR(4)) AS VARCHAR(4))),
  (CAST('C' AS VARCHAR(1)), CAST('C' || 'arl' AS VARCHAR(4)))) AS v(`c0`, `c1`);

CREATE TEMPORARY VIEW `OUT` AS
SELECT l.`ticker` AS `ticker`,
  CAST(r.`v1` AS VARCHAR(8)) AS `name`,
  CAST(r.`v2` AS DOUBLE) AS `weight`,
  l.`ROWTIME` AS `ROWTIME`
FROM `SOURCE_SQL_STREAM_001` AS l
CROSS JOIN UNNEST(ARRAY[
  CAST(ROW((l.`ticker` = 'A' AND ((l.`price` < CAST(1 AS DECIMAL(2, 1))) OR (CAST(1 AS DECIMAL(2, 1)) IS NULL))) IS TRUE, CAST('A' AS VARCHAR(1)), CAST('Anna' AS VARCHAR(4)), CAST(CAST(1 AS DECIMAL(2, 1)) AS DECIMAL(2, 1))) AS ROW<`hit` BOOLEAN, `v0` VARCHAR(1), `v1` VARCHAR(4), `v2` DECIMAL(2, 1)>),
  CAST(ROW((l.`ticker` = 'A' AND ((l.`price` < 2.5) OR (2.5 IS NULL))) IS TRUE, CAST('A' AS VARCHAR(1)), CAST(CAST('Ada' AS VARCHAR(4)) AS VARCHAR(4)), CAST(2.5 AS DECIMAL(2, 1))) AS ROW<`hit` BOOLEAN, `v0` VARCHAR(1), `v1` VARCHAR(4), `v2` DECIMAL(2, 1)>),
  CAST(ROW((l.`ticker` = 'C' AND ((l.`price` < CAST(NULL AS DECIMAL(2, 1))) OR (CAST(NULL AS DECIMAL(2, 1)) IS NULL))) IS TRUE, CAST('C' AS VARCHAR(1)), CAST('Carl' AS VARCHAR(4)), CAST(CAST(NULL AS DECIMAL(2, 1)) AS DECIMAL(2, 1))) AS ROW<`hit` BOOLEAN, `v0` VARCHAR(1), `v1` VARCHAR(4), `v2` DECIMAL(2, 1)>),
  CAST(ROW(NOT ((l.`ticker` = 'A' AND ((l.`price` < CAST(1 AS DECIMAL(2, 1))) OR (CAST(1 AS DECIMAL(2, 1)) IS NULL))) IS TRUE OR (l.`ticker` = 'A' AND ((l.`price` < 2.5) OR (2.5 IS NULL))) IS TRUE OR (l.`ticker` = 'C' AND ((l.`price` < CAST(NULL AS DECIMAL(2, 1))) OR (CAST(NULL AS DECIMAL(2, 1)) IS NULL))) IS TRUE), CAST(NULL AS VARCHAR(1)), CAST(NULL AS VARCHAR(4)), CAST(NULL AS DECIMAL(2, 1))) AS ROW<`hit` BOOLEAN, `v0` VARCHAR(1), `v1` VARCHAR(4), `v2` DECIMAL(2, 1)>)]) AS r(`hit`, `v0`, `v1`, `v2`)
WHERE r.`hit`;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.NAMES`
SELECT `ticker`, `name` FROM `NAMES`;
INSERT INTO `output.OUT`
SELECT `ticker`, `name`, `weight` FROM `OUT`;
END;
