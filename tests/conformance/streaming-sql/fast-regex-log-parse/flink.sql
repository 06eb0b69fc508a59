-- fast-regex-log-parse: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `SOURCE_SQL_STREAM_001` (`SECTOR` VARCHAR(24), `log` VARCHAR(1024), `Col_A` VARCHAR(16), `ROWTIME` TIMESTAMP(3)), time: arrival of the record
-- functions MESONET_LOG_PARSE

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `P1_1` AS
SELECT `SECTOR`,
  `log`,
  `Col_A`,
  MESONET_LOG_PARSE(`log`, '{"kind":"fastRegex","steps":[{"pattern":"()(?:.)*?()_()._","marks":[0,1,2]},{"pattern":"(?:.)*?()_","marks":[3]},{"pattern":"(?:.)*\\z","marks":[]}]}', CAST(`ROWTIME` AS TIMESTAMP(3))) AS `log_1`,
  `ROWTIME`
FROM `SOURCE_SQL_STREAM_001`
WHERE `Col_A` = 'lamb';

CREATE TEMPORARY VIEW `P1_2` AS
SELECT `SECTOR`,
  `log`,
  `Col_A`,
  CAST(`log_1`[1] AS VARCHAR(1024)) AS `COLUMN1`,
  CAST(`log_1`[2] AS VARCHAR(1024)) AS `COLUMN2`,
  `ROWTIME`
FROM `P1_1`;

CREATE TEMPORARY VIEW `FIRST` AS
SELECT CAST(`COLUMN1` AS VARCHAR(40)) AS `a`,
  CAST(`COLUMN2` AS VARCHAR(40)) AS `b`,
  `ROWTIME`
FROM `P1_2`;

CREATE TEMPORARY VIEW `P2_1` AS
SELECT `SECTOR`,
  `log`,
  `Col_A`,
  MESONET_LOG_PARSE(`log`, '{"kind":"fastRegex","steps":[{"pattern":"()(?:.)*?()(?:_)","marks":[0,1]},{"pattern":"(?:_)*?()._","marks":[2]},{"pattern":"(?:.)*?()\\z","marks":[3]}]}', CAST(`ROWTIME` AS TIMESTAMP(3))) AS `log_1`,
  `ROWTIME`
FROM `SOURCE_SQL_STREAM_001`
WHERE `Col_A` = 'lamb';

CREATE TEMPORARY VIEW `P2_2` AS
SELECT `SECTOR`,
  `log`,
  `Col_A`,
  CAST(`log_1`[1] AS VARCHAR(1024)) AS `COLUMN1`,
  CAST(`log_1`[2] AS VARCHAR(1024)) AS `COLUMN2`,
  `ROWTIME`
FROM `P2_1`;

CREATE TEMPORARY VIEW `A` AS
SELECT CAST(`COLUMN1` AS VARCHAR(40)) AS `a`,
  CAST(`COLUMN2` AS VARCHAR(40)) AS `b`,
  `ROWTIME`
FROM `P2_2`;

CREATE TEMPORARY VIEW `P3_1` AS
SELECT `SECTOR`,
  `log`,
  `Col_A`,
  MESONET_LOG_PARSE(`log`, '{"kind":"fastRegex","steps":[{"pattern":"()(?:.)*?()(?:_)","marks":[0,1]},{"pattern":"(?:_)*()","marks":[2]},{"pattern":"(?:.)*?()\\z","marks":[3]}]}', CAST(`ROWTIME` AS TIMESTAMP(3))) AS `log_1`,
  `ROWTIME`
FROM `SOURCE_SQL_STREAM_001`
WHERE `Col_A` = 'lamb';

CREATE TEMPORARY VIEW `P3_2` AS
SELECT `SECTOR`,
  `log`,
  `Col_A`,
  CAST(`log_1`[1] AS VARCHAR(1024)) AS `COLUMN1`,
  CAST(`log_1`[2] AS VARCHAR(1024)) AS `COLUMN2`,
  `ROWTIME`
FROM `P3_1`;

CREATE TEMPORARY VIEW `B` AS
SELECT CAST(`COLUMN1` AS VARCHAR(40)) AS `a`,
  CAST(`COLUMN2` AS VARCHAR(40)) AS `b`,
  `ROWTIME`
FROM `P3_2`;

CREATE TEMPORARY VIEW `P4_1` AS
SELECT `SECTOR`,
  `log`,
  `Col_A`,
  MESONET_LOG_PARSE(`log`, '{"kind":"fastRegex","steps":[{"pattern":"()(?:.)*?()(?:_)","marks":[0,1]},{"pattern":"(?:_)*?()[A-Za-z]","marks":[2]},{"pattern":"(?:.)*?()\\z","marks":[3]}]}', CAST(`ROWTIME` AS TIMESTAMP(3))) AS `log_1`,
  `ROWTIME`
FROM `SOURCE_SQL_STREAM_001`
WHERE `Col_A` = 'lamb';

CREATE TEMPORARY VIEW `P4_2` AS
SELECT `SECTOR`,
  `log`,
  `Col_A`,
  CAST(`log_1`[1] AS VARCHAR(1024)) AS `COLUMN1`,
  CAST(`log_1`[2] AS VARCHAR(1024)) AS `COLUMN2`,
  `ROWTIME`
FROM `P4_1`;

CREATE TEMPORARY VIEW `C` AS
SELECT CAST(`COLUMN1` AS VARCHAR(40)) AS `a`,
  CAST(`COLUMN2` AS VARCHAR(40)) AS `b`,
  `ROWTIME`
FROM `P4_2`;

CREATE TEMPORARY VIEW `P5_1` AS
SELECT `SECTOR`,
  `log`,
  `Col_A`,
  MESONET_LOG_PARSE(`log`, '{"kind":"fastRegex","steps":[{"pattern":"()(?:[^ ])(?:[^ ])*?() day ()(?:01|0[2-8][0-9]{0}|09|[1-2][0-9]{1}|30|31)()()","marks":[0,1,2,3,4]},{"pattern":"(?:| (?:.)*?)()\\z","marks":[5]}]}', CAST(`ROWTIME` AS TIMESTAMP(3))) AS `log_1`,
  `ROWTIME`
FROM `SOURCE_SQL_STREAM_001`
WHERE `Col_A` = 'ip';

CREATE TEMPORARY VIEW `P5_2` AS
SELECT `SECTOR`,
  `log`,
  `Col_A`,
  CAST(`log_1`[1] AS VARCHAR(1024)) AS `COLUMN1`,
  CAST(`log_1`[2] AS VARCHAR(1024)) AS `COLUMN2`,
  CAST(`log_1`[3] AS VARCHAR(1024)) AS `COLUMN3`,
  `ROWTIME`
FROM `P5_1`;

CREATE TEMPORARY VIEW `IP` AS
SELECT CAST(`COLUMN1` AS VARCHAR(40)) AS `host`,
  CAST(`COLUMN2` AS VARCHAR(4)) AS `day`,
  CAST(`COLUMN3` AS VARCHAR(40)) AS `rest`,
  `ROWTIME`
FROM `P5_2`;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.FIRST`
SELECT `a`, `b` FROM `FIRST`;
INSERT INTO `output.A`
SELECT `a`, `b` FROM `A`;
INSERT INTO `output.B`
SELECT `a`, `b` FROM `B`;
INSERT INTO `output.C`
SELECT `a`, `b` FROM `C`;
INSERT INTO `output.IP`
SELECT `host`, `day`, `rest` FROM `IP`;
END;
