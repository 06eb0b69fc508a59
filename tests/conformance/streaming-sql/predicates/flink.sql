-- predicates: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `SOURCE_SQL_STREAM_001` (`ticker` VARCHAR(4), `price` DOUBLE, `qty` INT, `at` TIMESTAMP(3), `store-id` VARCHAR(16), `ROWTIME` TIMESTAMP(3)), time: arrival of the record
-- functions MESONET_SIMILAR

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `OUT` AS
SELECT (`qty` >= 1) AND (`qty` <= 5) AS `between`,
  ((`qty` >= 5) AND (`qty` <= 1)) OR ((`qty` >= 1) AND (`qty` <= 5)) AS `symmetric`,
  NOT (`qty` IN (1, CAST(NULL AS INT))) AS `in`,
  `store-id` LIKE 'a_%' AS `like`,
  `store-id` LIKE '%!%' ESCAPE '!' AS `escaped`,
  MESONET_SIMILAR(`store-id`, '(ab|u&)+[0-9]*') AS `similar`,
  NOT (`ticker` IS DISTINCT FROM CAST(NULL AS STRING)) AS `distinct`,
  (`qty` > 3) IS NULL AS `unknown`,
  CAST(CASE WHEN `qty` = 1 THEN 'one' WHEN `qty` = 5 THEN 'fünf' ELSE '€' END AS VARCHAR(8)) AS `case`,
  (`qty` = 1) OR (`ticker` = 'A') AS `either`,
  `ROWTIME`
FROM `SOURCE_SQL_STREAM_001`;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.OUT`
SELECT `between`, `symmetric`, `in`, `like`, `escaped`, `similar`, `distinct`, `unknown`, `case`, `either` FROM `OUT`;
END;
