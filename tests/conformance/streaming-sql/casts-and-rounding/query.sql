CREATE STREAM "OUT" ("rounded" INT, "down" INT, "scaled" DECIMAL(6,2), "text" VARCHAR(4), "whole" BIGINT, "flag" VARCHAR(8), "wide" DECIMAL(10,6), "int" INT);
CREATE PUMP P AS INSERT INTO "OUT" SELECT STREAM CAST("price" AS INTEGER), FLOOR("price"), "price", CAST("price" AS VARCHAR(4)),
  CAST("store-id" AS BIGINT), CAST("price" > 0 AS VARCHAR(8)), CAST(1 AS DECIMAL(4,0)) / 3, "qty" / 2 FROM SOURCE_SQL_STREAM_001;
