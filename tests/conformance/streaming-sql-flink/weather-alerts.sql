-- weather-alerts: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `SOURCE_SQL_STREAM_001` (`sensor_id` VARCHAR(32), `sensor` VARCHAR(15), `station_id` VARCHAR(32), `sensor_avg_value` DOUBLE, `record_timestamp` TIMESTAMP(3), `ROWTIME` TIMESTAMP(3)), time: arrival of the record
-- MESONET_REFERENCE_1(`sensor`): rows of `THRESHOLDS` (`sensor` VARCHAR(15), `below` DOUBLE, `above` DOUBLE)
-- functions MESONET_NTH_VALUE, MESONET_REFERENCE_1

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `AVERAGE_PUMP_1` AS
SELECT `sensor_id`,
  `sensor`,
  `station_id`,
  `sensor_avg_value`,
  `record_timestamp`,
  AVG(`sensor_avg_value`) OVER (PARTITION BY `sensor_id` ORDER BY `ROWTIME` RANGE BETWEEN INTERVAL '270' SECOND(3) PRECEDING AND CURRENT ROW) AS `avg`,
  COUNT(`sensor_avg_value`) OVER (PARTITION BY `sensor_id` ORDER BY `ROWTIME` RANGE BETWEEN INTERVAL '270' SECOND(3) PRECEDING AND CURRENT ROW) AS `count`,
  `ROWTIME`
FROM `SOURCE_SQL_STREAM_001`;

CREATE TEMPORARY VIEW `FIVE_MINUTES` AS
SELECT `sensor_id`,
  `sensor`,
  `station_id`,
  `avg` AS `average`,
  CAST(`count` AS INT) AS `windows`,
  `record_timestamp`,
  `ROWTIME`
FROM `AVERAGE_PUMP_1`;

CREATE TEMPORARY VIEW `JUDGED` AS
SELECT l.`sensor_id` AS `sensor_id`,
  l.`sensor` AS `sensor`,
  l.`station_id` AS `station_id`,
  CAST(CASE WHEN l.`average` > r.`above` THEN 'above' WHEN l.`average` < r.`below` THEN 'below' ELSE 'normal' END AS VARCHAR(6)) AS `kind`,
  l.`average` AS `average`,
  r.`above` AS `above`,
  r.`below` AS `below`,
  l.`record_timestamp` AS `record_timestamp`,
  l.`ROWTIME` AS `ROWTIME`
FROM `FIVE_MINUTES` AS l
JOIN LATERAL TABLE(MESONET_REFERENCE_1(l.`sensor`)) AS r(`sensor`, `below`, `above`) ON TRUE
WHERE l.`windows` >= 3;

CREATE TEMPORARY VIEW `ALERT_PUMP_1` AS
SELECT `sensor_id`,
  `sensor`,
  `station_id`,
  `kind`,
  `average`,
  `above`,
  `below`,
  `record_timestamp`,
  'normal' AS `c8`,
  `ROWTIME`
FROM `JUDGED`;

CREATE TEMPORARY VIEW `ALERT_PUMP_2` AS
SELECT `sensor_id`,
  `sensor`,
  `station_id`,
  `kind`,
  `average`,
  `above`,
  `below`,
  `record_timestamp`,
  `c8`,
  CASE WHEN COUNT(*) OVER (PARTITION BY `sensor_id` ORDER BY `ROWTIME` ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) <= 1 THEN `c8` ELSE MESONET_NTH_VALUE(CAST(`kind` AS STRING), CAST(1 AS BIGINT)) OVER (PARTITION BY `sensor_id` ORDER BY `ROWTIME` ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) END AS `lag`,
  `ROWTIME`
FROM `ALERT_PUMP_1`;

CREATE TEMPORARY VIEW `ALERT_STREAM` AS
SELECT `sensor_id`,
  `sensor`,
  `station_id`,
  `kind`,
  `average` AS `value`,
  CASE WHEN ('below' IN (`kind`, `lag`)) AND (`kind` <> 'above') THEN `below` ELSE `above` END AS `threshold`,
  `record_timestamp`,
  `ROWTIME`
FROM `ALERT_PUMP_2`
WHERE `kind` <> `lag`;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.FIVE_MINUTES`
SELECT `sensor_id`, `sensor`, `station_id`, `average`, `windows`, `record_timestamp` FROM `FIVE_MINUTES`;
INSERT INTO `output.JUDGED`
SELECT `sensor_id`, `sensor`, `station_id`, `kind`, `average`, `above`, `below`, `record_timestamp` FROM `JUDGED`;
INSERT INTO `output.ALERT_STREAM`
SELECT `sensor_id`, `sensor`, `station_id`, `kind`, `value`, `threshold`, `record_timestamp` FROM `ALERT_STREAM`;
END;
