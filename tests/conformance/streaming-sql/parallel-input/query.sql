-- InputParallelism 2: the rows of a shard go to the stream of its number
CREATE STREAM "OUT" ("from" INT, "ticker" VARCHAR(4), "shard" VARCHAR(32));
CREATE PUMP P1 AS INSERT INTO "OUT" SELECT STREAM 1, "ticker", SHARD_ID FROM S_001;
CREATE PUMP P2 AS INSERT INTO "OUT" SELECT STREAM 2, "ticker", SHARD_ID FROM S_002;
