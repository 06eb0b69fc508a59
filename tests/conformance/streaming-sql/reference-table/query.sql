CREATE STREAM "OUT" ("ticker" VARCHAR(4), "company" VARCHAR(16), "price" DOUBLE);
CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM s."ticker", c."Company", "price"
FROM SOURCE_SQL_STREAM_001 AS s LEFT JOIN "CompanyName" AS c ON s."ticker" = c."Ticker";
