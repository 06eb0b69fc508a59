-- parallel-input: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `S_001` (`ticker` VARCHAR(4), `SHARD_ID`, `ROWTIME` TIMESTAMP(3)), time: arrival of the record
-- `S_002` (`ticker` VARCHAR(4), `SHARD_ID`, `ROWTIME` TIMESTAMP(3)), time: arrival of the record

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `OUT` AS
SELECT 1 AS `from`,
  `ticker`,
  CAST(`SHARD_ID` AS VARCHAR(32)) AS `shard`,
  `ROWTIME`
FROM `S_001`
UNION ALL
SELECT 2 AS `from`,
  `ticker`,
  CAST(`SHARD_ID` AS VARCHAR(32)) AS `shard`,
  `ROWTIME`
FROM `S_002`;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.OUT`
SELECT `from`, `ticker`, `shard` FROM `OUT`;
END;
