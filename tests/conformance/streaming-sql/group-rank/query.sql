CREATE OR REPLACE STREAM "ticker_grouped" ("group_time" TIMESTAMP, "ticker" VARCHAR(65520), "ticker_count" INTEGER);
CREATE OR REPLACE STREAM "destination_sql_stream" ("group_time" TIMESTAMP, "ticker" VARCHAR(65520), "ticker_count" INTEGER, "group_rank" INTEGER);
CREATE OR REPLACE STREAM "least" ("ticker" VARCHAR(65520), "rank" INTEGER);
CREATE OR REPLACE PUMP "ticker_pump" AS INSERT INTO "ticker_grouped"
SELECT STREAM FLOOR(SOURCE_SQL_STREAM_001.ROWTIME TO SECOND), "ticker", COUNT("ticker")
FROM SOURCE_SQL_STREAM_001 GROUP BY FLOOR(SOURCE_SQL_STREAM_001.ROWTIME TO SECOND), "ticker";
CREATE OR REPLACE PUMP DESTINATION_SQL_STREAM_PUMP AS INSERT INTO "destination_sql_stream"
SELECT STREAM "group_time", "ticker", "ticker_count", "groupRank"
FROM TABLE(GROUP_RANK(CURSOR(SELECT STREAM * FROM "ticker_grouped"), 'ticker_count', 'groupRank', 'desc', 'asc', 5, 0));
CREATE OR REPLACE PUMP LEAST_PUMP AS INSERT INTO "least"
SELECT STREAM r."ticker", r."place"
FROM TABLE(GROUP_RANK(CURSOR(SELECT STREAM * FROM "ticker_grouped"), 'ticker', 'place', 'ASC', 'DESC', 0, 2)) AS r;
