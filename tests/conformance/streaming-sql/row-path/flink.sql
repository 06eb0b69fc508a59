-- row-path: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `N_001` (`a` INT, `APPROXIMATE_ARRIVAL_TIME`, `SHARD_ID`, `ROWTIME` TIMESTAMP(3)), time: arrival of the record

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `OUT` AS
SELECT `a`,
  CAST(`SHARD_ID` AS VARCHAR(16)) AS `shard`,
  `APPROXIMATE_ARRIVAL_TIME` AS `t`,
  `ROWTIME`
FROM `N_001`;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.OUT`
SELECT `a`, `shard`, `t` FROM `OUT`;
END;
