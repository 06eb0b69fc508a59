-- reference-table: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `SOURCE_SQL_STREAM_001` (`ticker` VARCHAR(4), `price` DOUBLE, `qty` INT, `at` TIMESTAMP(3), `store-id` VARCHAR(16), `ROWTIME` TIMESTAMP(3)), time: arrival of the record
-- MESONET_REFERENCE_1(`Ticker`): rows of `CompanyName` (`Ticker` VARCHAR(4), `Company` VARCHAR(16))
-- functions MESONET_REFERENCE_1

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `OUT` AS
SELECT l.`ticker` AS `ticker`,
  r.`Company` AS `company`,
  l.`price` AS `price`,
  l.`ROWTIME` AS `ROWTIME`
FROM `SOURCE_SQL_STREAM_001` AS l
LEFT JOIN LATERAL TABLE(MESONET_REFERENCE_1(l.`ticker`)) AS r(`Ticker`, `Company`) ON TRUE;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.OUT`
SELECT `ticker`, `company`, `price` FROM `OUT`;
END;
