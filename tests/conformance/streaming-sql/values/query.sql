CREATE STREAM NAMES ("ticker" VARCHAR(4), "name" VARCHAR(8));
CREATE PUMP P1 AS INSERT INTO NAMES VALUES ('A', 'Anna'), ROW('C', 'C' || 'arl');
CREATE STREAM "OUT" ("ticker" VARCHAR(4), "name" VARCHAR(8), "weight" DOUBLE);
CREATE PUMP P2 AS INSERT INTO "OUT" SELECT STREAM s."ticker", t.name, t.weight
FROM SOURCE_SQL_STREAM_001 AS s LEFT JOIN (VALUES ('A', 'Anna', 1), ('A', 'Ada', 2.5), ('C', 'Carl', NULL)) AS t (ticker, name, weight)
ON s."ticker" = t.ticker AND (s."price" < t.weight OR t.weight IS NULL);
