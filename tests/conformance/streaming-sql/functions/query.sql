CREATE STREAM "OUT" ("a" VARCHAR(40), "b" VARCHAR(40), "c" INTEGER, "d" VARCHAR(40), "e" BIGINT, "f" VARCHAR(40), "g" BOOLEAN, "h" VARCHAR(40), "i" BIGINT, "j" TIMESTAMP, "k" DATE);
CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM
  SUBSTRING("ticker" FROM 2 FOR 2) || '-' || LOWER("ticker"), REGEX_REPLACE("store-id", '[0-9]+', '#', 1, 0),
  POSITION('-' IN "store-id"), TIMESTAMP_TO_CHAR('yyyy/MM/dd hh:mm:ss a', "at"), UNIX_TIMESTAMP("at"),
  CASE WHEN "price" > 10 THEN 'dear' WHEN "price" IS NULL THEN 'none' ELSE 'cheap' END,
  "store-id" LIKE 'st_re-%' AND "ticker" NOT IN ('X', 'Y'), INITCAP(TRIM(BOTH ' ' FROM '  hello wORLD ')),
  EXTRACT(HOUR FROM "at") + MOD("qty", 5), CHAR_TO_TIMESTAMP('dd.MM.yyyy HH:mm', '24.12.2020 18:30'), CAST("at" AS DATE)
FROM SOURCE_SQL_STREAM_001 WHERE "ticker" SIMILAR TO '(A|B)%' AND "qty" BETWEEN 1 AND 9;
