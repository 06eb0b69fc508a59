CREATE STREAM "OUT" ("between" BOOLEAN, "symmetric" BOOLEAN, "in" BOOLEAN, "like" BOOLEAN, "escaped" BOOLEAN, "similar" BOOLEAN, "distinct" BOOLEAN, "unknown" BOOLEAN, "case" VARCHAR(8), "either" BOOLEAN);
CREATE PUMP P AS INSERT INTO "OUT" SELECT STREAM "qty" BETWEEN 1 AND 5, "qty" BETWEEN SYMMETRIC 5 AND 1, "qty" NOT IN (1, NULL), "store-id" LIKE 'a_%',
  "store-id" LIKE '%!%' ESCAPE '!', "store-id" SIMILAR TO '(ab|u&)+[0-9]*', "ticker" IS NOT DISTINCT FROM NULL, ("qty" > 3) IS UNKNOWN,
  CASE "qty" WHEN 1 THEN 'one' WHEN 5 THEN u&'f\00fcnf' ELSE U&'!20ac' UESCAPE '!' END, "qty" = 1 OR "ticker" = 'A' FROM SOURCE_SQL_STREAM_001;
