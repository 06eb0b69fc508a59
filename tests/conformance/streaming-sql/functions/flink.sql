-- functions: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `SOURCE_SQL_STREAM_001` (`ticker` VARCHAR(4), `price` DOUBLE, `qty` INT, `at` TIMESTAMP(3), `store-id` VARCHAR(16), `ROWTIME` TIMESTAMP(3)), time: arrival of the record
-- functions MESONET_FORMAT_TIMESTAMP, MESONET_INITCAP, MESONET_PARSE_TIMESTAMP, MESONET_REGEX_REPLACE, MESONET_SIMILAR, MESONET_UNIX_MILLIS

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `P_1` AS
SELECT `ticker`,
  `price`,
  `qty`,
  `at`,
  `store-id`,
  CASE WHEN '24.12.2020 18:30' IS NOT NULL AND MESONET_PARSE_TIMESTAMP('24.12.2020 18:30', 'dd.MM.yyyy HH:mm') IS NULL THEN 'INVALID_CAST' END AS `ERROR_NAME`,
  `ROWTIME`
FROM `SOURCE_SQL_STREAM_001`
WHERE MESONET_SIMILAR(`ticker`, '(A|B).*') AND ((`qty` >= 1) AND (`qty` <= 9));

CREATE TEMPORARY VIEW `OUT` AS
SELECT CAST((SUBSTRING(`ticker` FROM 2 FOR 2) || '-') || LOWER(`ticker`) AS VARCHAR(40)) AS `a`,
  CAST(MESONET_REGEX_REPLACE(`store-id`, '[0-9]+', '#', CAST(1 AS BIGINT), CAST(0 AS BIGINT)) AS VARCHAR(40)) AS `b`,
  POSITION('-' IN `store-id`) AS `c`,
  CAST(MESONET_FORMAT_TIMESTAMP(`at`, 'yyyy/MM/dd hh:mm:ss a') AS VARCHAR(40)) AS `d`,
  MESONET_UNIX_MILLIS(`at`) AS `e`,
  CAST(CASE WHEN `price` > 10 THEN 'dear' WHEN `price` IS NULL THEN 'none' ELSE 'cheap' END AS VARCHAR(40)) AS `f`,
  (`store-id` LIKE 'st_re-%') AND (NOT (`ticker` IN ('X', 'Y'))) AS `g`,
  CAST(MESONET_INITCAP(TRIM(BOTH ' ' FROM '  hello wORLD ')) AS VARCHAR(40)) AS `h`,
  EXTRACT(HOUR FROM `at`) + MOD(CAST(`qty` AS BIGINT), CAST(5 AS BIGINT)) AS `i`,
  MESONET_PARSE_TIMESTAMP('24.12.2020 18:30', 'dd.MM.yyyy HH:mm') AS `j`,
  CAST(`at` AS DATE) AS `k`,
  `ROWTIME`
FROM `P_1`
WHERE `ERROR_NAME` IS NULL;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.OUT`
SELECT `a`, `b`, `c`, `d`, `e`, `f`, `g`, `h`, `i`, `j`, `k` FROM `OUT`;
-- P: SELECT
INSERT INTO `error_stream`
SELECT `ERROR_NAME`,
  CAST(`ROWTIME` AS TIMESTAMP(3)) AS `ERROR_TIME`,
  JSON_ARRAY(`ticker`, `price`, `qty`, CAST(`at` AS STRING), `store-id` NULL ON NULL) AS `DATA_ROW`
FROM `P_1`
WHERE `ERROR_NAME` IS NOT NULL;
END;
