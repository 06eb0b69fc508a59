import { type IntervalField, intervalFields, type SqlType } from '../sql-type.ts';

const fieldMillis: Readonly<Record<IntervalField, number>> = {
  DAY: 86_400_000,
  HOUR: 3_600_000,
  MINUTE: 60_000,
  SECOND: 1000,
};
const separators: Readonly<Record<IntervalField, string>> = { DAY: '', HOUR: ' ', MINUTE: ':', SECOND: ':' };

function fieldsOf({ fields = ['DAY', 'SECOND'] }: SqlType): readonly IntervalField[] {
  return intervalFields.slice(intervalFields.indexOf(fields[0]), intervalFields.indexOf(fields[1]) + 1);
}

/** `+6:11` for 371 s as MINUTE TO SECOND, `+371` as SECOND (SQL reference, "Date, Timestamp, and Interval Operators"). */
export function printInterval(millis: number, type: SqlType): string {
  let left = Math.abs(millis);
  const parts = fieldsOf(type).map((field, index) => {
    const count = Math.floor(left / fieldMillis[field]);
    left -= count * fieldMillis[field];
    return index === 0 ? String(count) : `${separators[field]}${String(count).padStart(2, '0')}`;
  });
  const fraction = fieldsOf(type).at(-1) === 'SECOND' && left > 0 ? `.${String(left).padStart(3, '0')}` : '';
  return `${millis < 0 ? '-' : '+'}${parts.join('')}${fraction}`;
}

/** Reads what {@link printInterval} prints, the sign left out or not; NaN for text of another shape. */
export function parseIntervalText(text: string, type: SqlType): number {
  const fields = fieldsOf(type);
  const shape = fields.map((field, index) => `${index === 0 ? '' : separators[field]}(\\d{1,10})`).join('');
  const fraction = fields.at(-1) === 'SECOND' ? '(?:\\.(\\d{1,9}))?' : '';
  const match = new RegExp(`^([+-]?)${shape}${fraction}$`).exec(text.trim());
  if (match === null) return Number.NaN;
  const whole = fields.reduce((sum, field, index) => sum + Number(match[index + 2]) * fieldMillis[field], 0);
  const millis = whole + Number((match[fields.length + 2] ?? '').padEnd(3, '0').slice(0, 3));
  return match[1] === '-' ? -millis : millis;
}

/** How many of its field an interval of one field holds; a fraction only of seconds. */
export function countOfInterval(millis: number, type: SqlType): number {
  const [field] = fieldsOf(type);
  const count = millis / fieldMillis[field ?? 'SECOND'];
  return field === 'SECOND' ? count : Math.trunc(count);
}
