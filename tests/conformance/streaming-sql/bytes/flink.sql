-- bytes: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `S_001` (`raw` VARBINARY(8), `ROWTIME` TIMESTAMP(3)), time: arrival of the record
-- functions MESONET_SUBSTRING

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `OUT` AS
SELECT CAST(`raw` AS VARBINARY(8)) AS `raw`,
  CAST(`raw` AS BINARY(2)) AS `two`,
  CAST(MESONET_SUBSTRING(`raw`, CAST(2 AS BIGINT)) AS VARBINARY(8)) AS `tail`,
  `raw` > x'7f' AS `more`,
  `ROWTIME`
FROM `S_001`;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.OUT`
SELECT `raw`, `two`, `tail`, `more` FROM `OUT`;
END;
