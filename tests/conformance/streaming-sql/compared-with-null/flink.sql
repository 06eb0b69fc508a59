-- compared-with-null: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `SOURCE_SQL_STREAM_001` (`ticker` VARCHAR(4), `price` DOUBLE, `qty` INT, `at` TIMESTAMP(3), `store-id` VARCHAR(16), `ROWTIME` TIMESTAMP(3)), time: arrival of the record

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `OUT` AS
SELECT `price`,
  `ROWTIME`
FROM `SOURCE_SQL_STREAM_001`
WHERE CAST(NULL AS BOOLEAN) OR (`price` = 2);

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.OUT`
SELECT `price` FROM `OUT`;
END;
