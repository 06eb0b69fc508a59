/**
 * One closed 60-second window of one sensor, in the column names of `analytics-sql/weather-windows.sql`.
 * `record_timestamp` is the end of the window, printed as the service prints TIMESTAMP: `2016-11-09 06:29:00.000`.
 */
export interface WindowRecord {
  readonly sensor_id: string;
  readonly sensor: string;
  readonly station_id: string;
  readonly sensor_avg_value: number | null;
  readonly sensor_smooth_avg_value: number | null;
  readonly '60sec_sum_of_sensor_value': number | null;
  readonly '60sec_number_of_msg': number;
  readonly record_timestamp: string;
  readonly sensor_min_value: number | null;
  readonly sensor_max_value: number | null;
}

/** What the stream "windows" carries: the record and how often it was corrected by late readings (0: first result). */
export interface PublishedWindow extends WindowRecord {
  readonly revision: number;
}

/** Length of the windows of `analytics-sql/weather-windows.sql`. */
export const WINDOW_MILLIS = 60_000;
