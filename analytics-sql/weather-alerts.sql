-- Weather that lasts: one row when a sensor's average of five minutes leaves the limits of its type, one when it comes back.

-- The rows of the last five windows; half a minute of play lets a window arrive early or late and still count once.
CREATE OR REPLACE STREAM "FIVE_MINUTES" ("sensor_id" VARCHAR(32), "sensor" VARCHAR(15), "station_id" VARCHAR(32),
    "average" DOUBLE, "windows" INT, "record_timestamp" TIMESTAMP);
CREATE OR REPLACE PUMP "AVERAGE_PUMP" AS INSERT INTO "FIVE_MINUTES"
SELECT STREAM "sensor_id", "sensor", "station_id",
    AVG("sensor_avg_value") OVER "five", COUNT("sensor_avg_value") OVER "five", "record_timestamp"
FROM "SOURCE_SQL_STREAM_001"
WINDOW "five" AS (PARTITION BY "sensor_id" RANGE INTERVAL '04:30' MINUTE TO SECOND PRECEDING);

-- A type without limits is left out; an empty limit never holds. Fewer than three windows are no five minutes.
CREATE OR REPLACE STREAM "JUDGED" ("sensor_id" VARCHAR(32), "sensor" VARCHAR(15), "station_id" VARCHAR(32),
    "kind" VARCHAR(6), "average" DOUBLE, "above" DOUBLE, "below" DOUBLE, "record_timestamp" TIMESTAMP);
CREATE OR REPLACE PUMP "JUDGE_PUMP" AS INSERT INTO "JUDGED"
SELECT STREAM s."sensor_id", s."sensor", s."station_id",
    CASE WHEN s."average" > t."above" THEN 'above' WHEN s."average" < t."below" THEN 'below' ELSE 'normal' END,
    s."average", t."above", t."below", s."record_timestamp"
FROM "FIVE_MINUTES" AS s JOIN "THRESHOLDS" AS t ON s."sensor" = t."sensor"
WHERE s."windows" >= 3;

CREATE OR REPLACE STREAM "ALERT_STREAM" ("sensor_id" VARCHAR(32), "sensor" VARCHAR(15), "station_id" VARCHAR(32),
    "kind" VARCHAR(6), "value" DOUBLE, "threshold" DOUBLE, "record_timestamp" TIMESTAMP);
CREATE OR REPLACE PUMP "ALERT_PUMP" AS INSERT INTO "ALERT_STREAM"
SELECT STREAM j."sensor_id", j."sensor", j."station_id", j."kind", j."average",
    CASE WHEN 'below' IN (j."kind", j."before") AND j."kind" <> 'above' THEN j."below" ELSE j."above" END,
    j."record_timestamp"
FROM (
    SELECT STREAM "sensor_id", "sensor", "station_id", "kind", "average", "above", "below", "record_timestamp",
        LAG("kind", 1, 'normal') OVER (PARTITION BY "sensor_id" ROWS 1 PRECEDING) AS "before"
    FROM "JUDGED"
) AS j
WHERE j."kind" <> j."before";
