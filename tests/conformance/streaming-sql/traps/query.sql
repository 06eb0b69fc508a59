-- every spelling here stood in a published application
create or replace  stream "OUT" ("ticker"VARCHAR(4), "half" double, "n" int)
;
CREATE OR REPLACE  PUMP "P" AS INSERT INTO "OUT"
SELECT
STREAM
  "ticker"--, "price"
  , avg("price") half, count(*) AS "n"
FROM "SOURCE_SQL_STREAM_001" s
GROUP BY "ticker", FLOOR((s.ROWTIME - TIMESTAMP '1970-01-01 00:00:00') minute / 1 TO MINUTE)
