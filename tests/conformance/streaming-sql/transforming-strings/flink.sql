-- transforming-strings: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `SOURCE_SQL_STREAM_001` (`ticker` VARCHAR(4), `price` DOUBLE, `qty` INT, `at` TIMESTAMP(3), `store-id` VARCHAR(16), `ROWTIME` TIMESTAMP(3)), time: arrival of the record
-- functions MESONET_INITCAP, MESONET_OVERLAY, MESONET_REGEX_REPLACE, MESONET_SUBSTRING

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `P_1` AS
SELECT `ticker`,
  `price`,
  `qty`,
  `at`,
  `store-id`,
  CASE WHEN `store-id` IS NOT NULL AND 1 IS NOT NULL AND (CAST(POSITION('-' IN `store-id`) AS BIGINT) - 1) < 0 THEN 'INVALID_ARGUMENT' END AS `ERROR_NAME`,
  `ROWTIME`
FROM `SOURCE_SQL_STREAM_001`;

CREATE TEMPORARY VIEW `OUT` AS
SELECT CAST(MESONET_SUBSTRING(`store-id`, CAST(1 AS BIGINT), CAST(POSITION('-' IN `store-id`) AS BIGINT) - 1) AS VARCHAR(8)) AS `area`,
  CAST(MESONET_SUBSTRING(`store-id`, CAST(POSITION('-' IN `store-id`) AS BIGINT) + 1) AS VARCHAR(8)) AS `number`,
  CAST(UPPER(`store-id`) AS VARCHAR(16)) AS `upper`,
  CAST(MESONET_REGEX_REPLACE('http://' || LOWER(`store-id`), '^http:', 'https:', CAST(1 AS BIGINT), CAST(0 AS BIGINT)) AS VARCHAR(64)) AS `secure`,
  CAST(TRIM(BOTH '*' FROM MESONET_OVERLAY(`store-id`, '**', CAST(1 AS BIGINT))) AS VARCHAR(16)) AS `padded`,
  CAST(MESONET_INITCAP(MESONET_REGEX_REPLACE(`store-id`, '[0-9]', '', CAST(1 AS BIGINT), CAST(1 AS BIGINT))) AS VARCHAR(16)) AS `first`,
  `ROWTIME`
FROM `P_1`
WHERE `ERROR_NAME` IS NULL;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.OUT`
SELECT `area`, `number`, `upper`, `secure`, `padded`, `first` FROM `OUT`;
-- P: SELECT
INSERT INTO `error_stream`
SELECT `ERROR_NAME`,
  CAST(`ROWTIME` AS TIMESTAMP(3)) AS `ERROR_TIME`,
  JSON_ARRAY(`ticker`, `price`, `qty`, CAST(`at` AS STRING), `store-id` NULL ON NULL) AS `DATA_ROW`
FROM `P_1`
WHERE `ERROR_NAME` IS NOT NULL;
END;
