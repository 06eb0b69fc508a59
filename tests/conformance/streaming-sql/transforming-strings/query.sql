CREATE OR REPLACE STREAM "OUT" ("area" VARCHAR(8), "number" VARCHAR(8), "upper" VARCHAR(16), "secure" VARCHAR(64), "padded" VARCHAR(16), "first" VARCHAR(16));
CREATE OR REPLACE PUMP "P" AS INSERT INTO "OUT"
SELECT STREAM SUBSTRING("store-id", 1, POSITION('-' IN "store-id") - 1), SUBSTRING("store-id" FROM POSITION('-' IN "store-id") + 1),
  UPPER("store-id"), REGEX_REPLACE('http://' || LOWER("store-id"), '^http:', 'https:', 1, 0),
  TRIM(BOTH '*' FROM OVERLAY("store-id" PLACING '**' FROM 1)), INITCAP(REGEX_REPLACE("store-id", '[0-9]', '', 1, 1))
FROM SOURCE_SQL_STREAM_001;
