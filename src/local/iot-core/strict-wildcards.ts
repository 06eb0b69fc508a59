type Listen = (filter: string, ...rest: unknown[]) => unknown;

interface FilterEmitter {
  on: Listen;
  removeListener: Listen;
}

/**
 * Makes the broker read `a/#` as IoT Core does, which does not match `a` (AWS IoT developer guide, topics): the broker hears of
 * a filter with one level more before the `#`, which matches just the rest.
 */
export function readWildcardsStrictly(broker: object): void {
  const { mq } = broker as { mq: FilterEmitter };
  const [on, removeListener] = [mq.on.bind(mq), mq.removeListener.bind(mq)];
  mq.on = (filter, ...rest) => on(strict(filter), ...rest);
  mq.removeListener = (filter, ...rest) => removeListener(strict(filter), ...rest);
}

function strict(filter: string): string {
  return filter.endsWith('/#') ? `${filter.slice(0, -1)}+/#` : filter;
}
