-- rows of one time are seen one after the other, and the bounds of a window belong to it
CREATE STREAM "OUT" ("t" TIMESTAMP, "price" DOUBLE, "rows" BIGINT, "sum" DOUBLE, "before" DOUBLE, "second" DOUBLE, "low" DOUBLE, "fading" DOUBLE);
CREATE PUMP "P" AS INSERT INTO "OUT"
SELECT STREAM ROWTIME, "price", COUNT(*) OVER "hour", SUM("price") OVER "two", LAG("price", 1, 0) OVER "two",
  NTH_VALUE("price", 2) OVER "two", MIN("price") OVER ("two" PARTITION BY "ticker"), EXP_AVG("price", INTERVAL '1' HOUR) OVER "hour"
FROM SOURCE_SQL_STREAM_001 WINDOW "hour" AS (RANGE INTERVAL '1' HOUR PRECEDING), "two" AS (ROWS 2 PRECEDING);
