-- csv-input: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `CSV_001` (`a` INT, `b` VARCHAR(8), `ROWTIME` TIMESTAMP(3)), time: arrival of the record

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `OUT` AS
SELECT `a`,
  `b`,
  `ROWTIME`
FROM `CSV_001`;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.OUT`
SELECT `a`, `b` FROM `OUT`;
END;
