import { SECONDS_PER_MONTH, type Usage } from '../cost-line.ts';
import type { Load } from '../load.ts';
import type { Traffic } from '../traffic.ts';

const MINUTES_PER_MONTH = SECONDS_PER_MONTH / 60;

/** Connections, messages, rules and actions of AWS IoT Core. */
export function iotCoreUsage(
  { devices }: Load,
  { messageUnits, rules, actions, requests }: Traffic,
): Usage[] {
  return [
    {
      price: 'iot.connectivity',
      what: `devices connected: ${devices}`,
      perMonth: devices * MINUTES_PER_MONTH,
    },
    {
      price: 'iot.messages',
      what: 'publishes through the broker',
      perMonth: messageUnits * SECONDS_PER_MONTH,
    },
    ...sumByName(rules.map(({ name, units }) => [`rule ${name}`, units])).map(
      ([what, units]): Usage => ({ price: 'iot.rules', what, perMonth: units * SECONDS_PER_MONTH }),
    ),
    ...sumByName(actions.map(({ rule, kind, units }) => [`rule ${rule}, action ${kind}`, units])).map(
      ([what, units]): Usage => ({ price: 'iot.actions', what, perMonth: units * SECONDS_PER_MONTH }),
    ),
    ...requests.map(
      ({ price, what, perSecond }): Usage => ({ price, what, perMonth: perSecond * SECONDS_PER_MONTH }),
    ),
  ];
}

/** Several classes of publishes take the same rule: one line for it. */
function sumByName(entries: readonly (readonly [string, number])[]): [string, number][] {
  const sums = new Map<string, number>();
  for (const [name, value] of entries) sums.set(name, (sums.get(name) ?? 0) + value);
  return [...sums];
}
