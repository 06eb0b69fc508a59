-- three steps, each a stream of its own: orders, their minutes, the minutes that are busy
CREATE OR REPLACE STREAM "ORDERS" ("ticker" VARCHAR(4), "total" DOUBLE);
CREATE OR REPLACE STREAM "ORDERS_BY_MINUTE" ("ticker" VARCHAR(4), "orders" BIGINT, "total" DOUBLE);
CREATE OR REPLACE STREAM "BUSY" ("ticker" VARCHAR(4), "orders" BIGINT, "mean" DOUBLE, "closed" TIMESTAMP);
CREATE OR REPLACE PUMP "P1" AS INSERT INTO "ORDERS"
SELECT STREAM "ticker", "price" * "qty" FROM SOURCE_SQL_STREAM_001 WHERE "qty" > 0;
CREATE OR REPLACE PUMP "P2" AS INSERT INTO "ORDERS_BY_MINUTE"
SELECT STREAM "ticker", COUNT(*), SUM("total") FROM "ORDERS"
GROUP BY "ticker", FLOOR("ORDERS".ROWTIME TO MINUTE);
CREATE OR REPLACE PUMP "P3" AS INSERT INTO "BUSY"
SELECT STREAM "ticker", "orders", "total" / "orders", ROWTIME FROM "ORDERS_BY_MINUTE" WHERE "orders" >= 2;
