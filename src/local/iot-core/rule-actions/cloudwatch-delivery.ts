import { splitJsonArray } from './json-array.ts';
import type { LogEvent } from './log-groups.ts';
import { type Deliver, DeliveryError } from './rule-action.ts';
import type { RuleActionTargets } from './rule-action-targets.ts';
import { isTrue } from './stream-actions.ts';

const HOUR_MILLIS = 3_600_000;
/** How far from now the time of a value may be (Amazon CloudWatch API reference, PutMetricData). */
const MAX_METRIC_AGE_MILLIS = 14 * 24 * HOUR_MILLIS;
const MAX_METRIC_AHEAD_MILLIS = 2 * HOUR_MILLIS;

const SIZES = ['Bytes', 'Kilobytes', 'Megabytes', 'Gigabytes', 'Terabytes'];
const BITS = ['Bits', 'Kilobits', 'Megabits', 'Gigabits', 'Terabits'];
/** Amazon CloudWatch API reference, MetricDatum, Unit. */
const UNITS: readonly string[] = [
  ...['Seconds', 'Microseconds', 'Milliseconds', 'Percent', 'Count', 'Count/Second', 'None'],
  ...[...SIZES, ...BITS].flatMap((unit) => [unit, `${unit}/Second`]),
];

const LOG_GROUP_NAME = /^[\w.\-/#]{1,512}$/;

/** CloudwatchMetric (AWS IoT developer guide, cloudwatch-metrics-rule-action); the time stands in seconds. */
export function createMetricDelivery({
  metrics,
  nowMillis,
}: Pick<RuleActionTargets, 'metrics' | 'nowMillis'>): Deliver {
  return async ({ members, source }) => {
    const { MetricNamespace, MetricName, MetricValue, MetricUnit, MetricTimestamp } = members;
    const unit = String(MetricUnit);
    if (!UNITS.includes(unit))
      throw new DeliveryError('unknown unit', `MetricUnit '${unit}' is not a unit of CloudWatch`);
    const seconds =
      MetricTimestamp === undefined
        ? source.timestampMillis / 1000
        : numberOf('MetricTimestamp', MetricTimestamp);
    const timestampMillis = seconds * 1000;
    const ageMillis = nowMillis() - timestampMillis;
    if (ageMillis > MAX_METRIC_AGE_MILLIS || -ageMillis > MAX_METRIC_AHEAD_MILLIS)
      throw new DeliveryError(
        'time out of range',
        `MetricTimestamp ${String(seconds)} is more than two weeks ago or two hours ahead`,
      );
    metrics.add({
      namespace: String(MetricNamespace),
      name: String(MetricName),
      unit,
      dimensions: {},
      values: [numberOf('MetricValue', MetricValue)],
      timestampMillis,
      properties: {},
    });
  };
}

/** CloudwatchAlarm (AWS IoT developer guide, cloudwatch-alarms-rule-action): sets the state, whatever the metric says. */
export function createAlarmDelivery({
  alarms,
  nowMillis,
}: Pick<RuleActionTargets, 'alarms' | 'nowMillis'>): Deliver {
  return async ({ members }) => {
    const isKept = alarms.set({
      alarmName: String(members.AlarmName),
      stateValue: members.StateValue as 'OK' | 'ALARM' | 'INSUFFICIENT_DATA',
      stateReason: String(members.StateReason),
      updatedMillis: nowMillis(),
    });
    if (!isKept) throw new DeliveryError('too many alarms', 'There are too many alarms to keep one more');
  };
}

/** CloudwatchLogs (AWS IoT developer guide, cloudwatch-logs-rule-action): one event, or in batch mode one for each element. */
export function createLogsDelivery({ logGroups }: Pick<RuleActionTargets, 'logGroups'>): Deliver {
  return async ({ members, output, source }) => {
    const group = String(members.LogGroupName);
    if (!LOG_GROUP_NAME.test(group))
      throw new DeliveryError('name of the log group', `'${group}' cannot be the name of a log group`);
    const events = isTrue(members.BatchMode)
      ? eventsOf(String(output))
      : [{ timestamp: source.timestampMillis, message: String(output) }];
    await logGroups.append(group, events);
  };
}

function eventsOf(json: string): LogEvent[] {
  const events = (splitJsonArray(json) ?? [json]).map(parseEvent);
  if (events.some((event) => event === undefined))
    throw new DeliveryError(
      'not log events',
      'BatchMode needs a result of objects with a number "timestamp" in milliseconds and a text "message"',
    );
  return events as LogEvent[];
}

function parseEvent(json: string): LogEvent | undefined {
  const event = parse(json);
  if (typeof event !== 'object' || event === null) return undefined;
  const { timestamp, message } = event as Record<string, unknown>;
  return typeof timestamp === 'number' && typeof message === 'string' ? { timestamp, message } : undefined;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function numberOf(member: string, value: unknown): number {
  const number = Number(value);
  if (value === '' || !Number.isFinite(number))
    throw new DeliveryError(
      `${member} is not a number`,
      `${member} is '${String(value)}', expected a number`,
    );
  return number;
}
