-- weather-windows: Flink SQL 2.2, run by analytics-sql/flink-runner, which makes
-- `SOURCE_SQL_STREAM_001` (`sensor_id` VARCHAR(32), `sensor` VARCHAR(15), `station_id` VARCHAR(32), `sensor_timestamp` BIGINT, `sensor_value` DOUBLE, `sensor_value_smoothed` DOUBLE, `direction` INT, `ROWTIME` TIMESTAMP(3)), time: arrival of the record

SET 'table.local-time-zone' = 'UTC';

CREATE TEMPORARY VIEW `DESTINATION_SQL_STREAM` AS
SELECT `sensor_id`,
  `sensor`,
  `station_id`,
  AVG(`sensor_value`) AS `sensor_avg_value`,
  AVG(`sensor_value_smoothed`) AS `sensor_smooth_avg_value`,
  SUM(`sensor_value`) AS `60sec_sum_of_sensor_value`,
  CAST(COUNT(*) AS INT) AS `60sec_number_of_msg`,
  `window_end` AS `record_timestamp`,
  MIN(`sensor_value`) AS `sensor_min_value`,
  MAX(`sensor_value`) AS `sensor_max_value`,
  `window_time` AS `ROWTIME`
FROM TABLE(TUMBLE(TABLE `SOURCE_SQL_STREAM_001`, DESCRIPTOR(`ROWTIME`), INTERVAL '1' MINUTE))
GROUP BY `sensor_id`, `sensor`, `station_id`, `window_start`, `window_end`, `window_time`;

EXECUTE STATEMENT SET
BEGIN
INSERT INTO `output.DESTINATION_SQL_STREAM`
SELECT `sensor_id`, `sensor`, `station_id`, `sensor_avg_value`, `sensor_smooth_avg_value`, `60sec_sum_of_sensor_value`, `60sec_number_of_msg`, `record_timestamp`, `sensor_min_value`, `sensor_max_value` FROM `DESTINATION_SQL_STREAM`;
END;
