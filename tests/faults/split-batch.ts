/** Whether an entry of a batch is done. */
export type IsDone = (entry: Readonly<Record<string, unknown>>, at: number) => boolean;

export interface SplitBatch {
  /** What is sent on. */
  readonly done: Buffer;
  /** Adds to the answer what was not. */
  readonly answer: (text: string) => string;
}

type Json = Readonly<Record<string, unknown>>;

/** How a batch API takes its entries, and says which of them it left. */
interface BatchApi {
  readonly entriesOf: (input: Json) => readonly Json[];
  readonly inputOf: (input: Json, entries: readonly Json[]) => Json;
  readonly answerOf: (answer: Json, input: Json, isDone: readonly boolean[]) => Json;
}

const REFUSED = { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: 'Rate exceeded' };

/** Kinesis API reference, "PutRecords"; DynamoDB API reference, "BatchWriteItem" and "BatchGetItem". */
const APIS: Readonly<Record<string, BatchApi>> = {
  PutRecords: {
    entriesOf: ({ Records }) => Records as Json[],
    inputOf: (input, Records) => ({ ...input, Records }),
    answerOf: (answer, _, isDone) => {
      const done = [...(answer.Records as Json[])];
      const Records = isDone.map((each) => (each ? done.shift()! : REFUSED));
      return { FailedRecordCount: isDone.filter((each) => !each).length, Records };
    },
  },
  BatchWriteItem: {
    entriesOf: (input) => tableOf<Json[]>(input).asked,
    inputOf: (input, entries) => ({ ...input, RequestItems: { [tableOf(input).name]: entries } }),
    answerOf: (answer, input, isDone) => {
      const { name, asked } = tableOf<Json[]>(input);
      return { ...answer, UnprocessedItems: { [name]: asked.filter((_, at) => !isDone[at]) } };
    },
  },
  BatchGetItem: {
    entriesOf: (input) => tableOf<{ Keys: Json[] }>(input).asked.Keys,
    inputOf: (input, Keys) => {
      const { name, asked } = tableOf<{ Keys: Json[] }>(input);
      return { ...input, RequestItems: { [name]: { ...asked, Keys } } };
    },
    answerOf: (answer, input, isDone) => {
      const { name, asked } = tableOf<{ Keys: Json[] }>(input);
      const Keys = asked.Keys.filter((_, at) => !isDone[at]);
      return { ...answer, UnprocessedKeys: Keys.length > 0 ? { [name]: { ...asked, Keys } } : {} };
    },
  },
};

/** What is asked of the one table of a request. */
function tableOf<Asked>({ RequestItems }: Json): { name: string; asked: Asked } {
  const [[name, asked] = ['', undefined]] = Object.entries(RequestItems as Record<string, Asked>);
  return { name, asked: asked as Asked };
}

/**
 * Does some entries of a batch, every other one unless said.
 * @throws Error for an operation that takes no entries, or when none is to be done: that is no half of a batch
 */
export function splitBatch(
  operation: string,
  body: Buffer,
  choose: IsDone = (_, at) => at % 2 === 0,
): SplitBatch {
  const api = APIS[operation];
  if (!api) throw new Error(`Cannot do half of ${operation}`);
  const input = JSON.parse(body.toString()) as Json;
  const entries = api.entriesOf(input);
  const isDone = entries.map(choose);
  if (!isDone.includes(true)) throw new Error(`Cannot do none of ${operation}`);
  return {
    done: Buffer.from(
      JSON.stringify(
        api.inputOf(
          input,
          entries.filter((_, at) => isDone[at]),
        ),
      ),
    ),
    answer: (text) => JSON.stringify(api.answerOf(JSON.parse(text) as Json, input, isDone)),
  };
}
