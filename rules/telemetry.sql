SELECT *, topic(6) AS sensor_id, topic(4) AS station_id, topic(5) AS sensor, topic(2) AS state, topic(3) AS city,
  sensor_timestamp,
  cast(sensor_value AS float) AS sensor_value, cast(sensor_value_smoothed AS float) AS sensor_value_smoothed,
  cast(direction AS int) AS direction
FROM 'weather/+/+/+/+/+'
WHERE NOT isUndefined(cast(sensor_timestamp AS int))
  AND NOT isUndefined(cast(sensor_value AS float))
