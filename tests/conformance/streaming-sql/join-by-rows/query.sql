-- each shipment meets the two newest orders; an order that none met comes out when a third one pushes it away
CREATE STREAM ORDERS ("id" VARCHAR(4), "n" INT); CREATE STREAM SHIPMENTS ("id" VARCHAR(4), "n" INT);
CREATE STREAM "OUT" ("id" VARCHAR(4), "order" INT, "shipment" INT, "t" TIMESTAMP);
CREATE PUMP PO AS INSERT INTO ORDERS SELECT STREAM "ticker", "qty" FROM SOURCE_SQL_STREAM_001 WHERE "store-id" = 'order';
CREATE PUMP PS AS INSERT INTO SHIPMENTS SELECT STREAM "ticker", "qty" FROM SOURCE_SQL_STREAM_001 WHERE "store-id" = 'shipment';
CREATE PUMP PJ AS INSERT INTO "OUT" SELECT STREAM o."id", o."n", s."n", ROWTIME
FROM ORDERS OVER (ROWS 2 PRECEDING) AS o LEFT JOIN SHIPMENTS AS s ON o."id" = s."id";
