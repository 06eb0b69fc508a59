import { httpRequests } from './classes/http.ts';
import { jsonBodies, jsonNumbers, jsonText, prototypeKeys } from './classes/json.ts';
import { mqttBytes } from './classes/mqtt.ts';
import { ruleSql, ruleSqlEqual } from './classes/rule-sql.ts';
import { snapshots } from './classes/snapshots.ts';
import { spoolLines } from './classes/spool.ts';
import { streamingSql, streamingSqlGenerated } from './classes/streaming-sql.ts';
import { timeFields } from './classes/time.ts';
import { topics } from './classes/topics.ts';
import type { FuzzClass } from './fuzz-class.ts';

export const fuzzClasses: readonly FuzzClass[] = [
  jsonBodies,
  jsonNumbers,
  jsonText,
  prototypeKeys,
  topics,
  timeFields,
  spoolLines,
  snapshots,
  ruleSql,
  ruleSqlEqual,
  streamingSql,
  streamingSqlGenerated,
  mqttBytes,
  httpRequests,
];
