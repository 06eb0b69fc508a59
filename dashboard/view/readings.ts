import { formatAge, formatChange, formatShortSpan, formatValue } from '../model/format.ts';
import type { SensorState } from '../model/page-state.ts';
import { sensorTypeOf } from '../model/sensor-types.ts';
import { isSilent, silenceThreshold } from '../model/silence.ts';
import { type Trend, trendOf } from '../model/trend.ts';
import { stationLabel } from '../model/view-filter.ts';
import type { WindowGroup } from '../model/window-groups.ts';
import { createList, element, type Row, section, setAttribute, setText } from './dom.ts';
import { createSparkline } from './sparkline.ts';
import type { View, ViewContext } from './view.ts';

const arrows: Readonly<Record<Trend['direction'], string>> = { up: '↗', down: '↘', steady: '→' };
const arrowNames: Readonly<Record<Trend['direction'], string>> = {
  up: 'rising',
  down: 'falling',
  steady: 'steady',
};

/** What a card says. */
interface CardText {
  readonly value: string;
  readonly detail: string;
  readonly age: string;
  readonly foot: string;
  /** `all`: what the card shows is old; `some`: sensors were left out of it. */
  readonly silent: 'all' | 'some' | undefined;
  readonly line: readonly number[];
}

interface Card {
  readonly group: WindowGroup;
  readonly text: CardText;
}

/**
 * The newest values: one card per sensor of a chosen station, else one per sensor type over all in view. A sensor's card
 * opens the trace of its messages.
 */
export function createReadings(openTrace: (sensorId: string) => void): View {
  const grid = element('div', { class: 'cards' });
  const panel = section('readings', 'Live readings', grid);
  const heading = panel.querySelector('h2') as HTMLElement;
  const showCards = createList<Card>(
    grid,
    (card) => card.group.key,
    (card) => createCard(card, openTrace),
  );
  return {
    element: panel,
    update: (context) => {
      setText(heading, headingText(context));
      showCards(context.groups.map((group) => ({ group, text: cardText(group, context) })));
    },
  };
}

function headingText({ state, filter, stations }: ViewContext): string {
  const chosen = state.stations.get(filter.station);
  if (chosen) return [stationLabel(chosen), chosen.state].filter(Boolean).join(', ');
  if (filter.station) return `${filter.station}: not seen yet`;
  const where = filter.state || 'all states';
  return `Now, ${stations.length} ${stations.length === 1 ? 'station' : 'stations'}, ${where}`;
}

function cardText(group: WindowGroup, context: ViewContext): CardText {
  const [only] = group.sensors;
  return group.sensors.length === 1 && only ? sensorText(only, context) : typeText(group, context);
}

function sensorText(sensor: SensorState, { state, nowMillis }: ViewContext): CardText {
  const trend = trendOf(sensor);
  const silent = isSilent(state, sensor, nowMillis);
  const usual = formatShortSpan(silenceThreshold(state, sensor, nowMillis));
  return {
    value: formatValue(sensor.value),
    detail: trend
      ? `${arrows[trend.direction]} ${arrowNames[trend.direction]} ${formatChange(trend.change)} in ${formatShortSpan(trend.spanMillis)}`
      : 'no trend yet',
    age: silent
      ? `silent: nothing for more than ${usual}, last ${formatAge(nowMillis, sensor.time)}`
      : formatAge(nowMillis, sensor.time),
    foot: sensor.id,
    silent: silent ? 'all' : undefined,
    line: sensor.recent.column(1),
  };
}

function typeText(group: WindowGroup, context: ViewContext): CardText {
  const { state, nowMillis } = context;
  const heard = group.sensors.filter((sensor) => Number.isFinite(sensor.value));
  const speaking = heard.filter((sensor) => !isSilent(state, sensor, nowMillis));
  const values = speaking.map((sensor) => sensor.value);
  const silent = heard.length - speaking.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    value: formatValue(mean),
    detail:
      values.length > 0 ? `${formatValue(lowest(values))} to ${formatValue(highest(values))}` : 'no reading',
    age: silent > 0 ? `${silent} silent, left out` : `newest ${formatAge(nowMillis, newestTime(speaking))}`,
    foot: `mean of ${speaking.length} sensors`,
    silent: silent === 0 ? undefined : speaking.length === 0 ? 'all' : 'some',
    line: context.closedPoints(group).map((point) => point.avg),
  };
}

function lowest(values: readonly number[]): number {
  return values.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY);
}

function highest(values: readonly number[]): number {
  return values.reduce((high, value) => Math.max(high, value), Number.NEGATIVE_INFINITY);
}

function newestTime(sensors: readonly SensorState[]): number {
  return sensors.length > 0 ? highest(sensors.map((sensor) => sensor.time)) : Number.NaN;
}

function createCard(card: Card, openTrace: (sensorId: string) => void): Row<Card> {
  const value = element('span', { class: 'value' });
  const unit = element('span', { class: 'unit' });
  const title = element('h3', {});
  const detail = element('p', { class: 'detail' });
  const age = element('p', { class: 'age' });
  const foot = element('p', { class: 'foot' });
  const spark = createSparkline();
  const trace = element('button', { type: 'button', class: 'trace-open' }, 'Trace');
  let sensorId: string | undefined;
  trace.addEventListener('click', () => sensorId !== undefined && openTrace(sensorId));
  const box = element(
    'article',
    { class: 'card', 'data-sensor': card.group.key },
    title,
    element('p', { class: 'reading' }, value, ' ', unit),
    detail,
    spark.element,
    age,
    foot,
    trace,
  );
  return {
    element: box,
    update: ({ group, text }) => {
      const type = sensorTypeOf(group.type);
      setText(title, type.label);
      setText(unit, type.unit);
      setText(value, text.value);
      setText(detail, text.detail);
      setText(age, text.age);
      setText(foot, text.foot);
      setAttribute(box, 'data-colour', String(type.colour));
      setAttribute(box, 'data-silent', text.silent);
      spark.update(text.line);
      sensorId = group.sensors.length === 1 ? group.sensors[0]?.id : undefined;
      trace.hidden = sensorId === undefined;
      setAttribute(trace, 'aria-label', `Trace the messages of ${sensorId}`);
    },
  };
}
