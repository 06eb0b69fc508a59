import { setAttribute, svg } from './dom.ts';

const width = 100;
const height = 24;

/** A line without axes: the shape of the last values. Decorative: the numbers stand beside it as text. */
export function createSparkline() {
  const line = svg('path', { class: 'spark-line' });
  const area = svg('path', { class: 'spark-area' });
  const picture = svg(
    'svg',
    { class: 'spark', viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    area,
    line,
  );
  return {
    element: picture,
    /** `fromZero` keeps 0 at the bottom, for rates and sizes. */
    update: (values: readonly number[], fromZero = false): void => {
      const path = sparkPath(values, fromZero);
      picture.toggleAttribute('hidden', path === '');
      setAttribute(line, 'd', path);
      setAttribute(area, 'd', path && `${path}L${width} ${height}L0 ${height}Z`);
    },
  };
}

function sparkPath(values: readonly number[], fromZero: boolean): string {
  const numbers = values.filter((value) => Number.isFinite(value));
  if (numbers.length < 2) return '';
  const low = fromZero ? 0 : Math.min(...numbers);
  const span = Math.max(...numbers) - low || 1;
  const step = width / (numbers.length - 1);
  const y = (value: number): number => height - 2 - ((value - low) / span) * (height - 4);
  return numbers
    .map((value, index) => `${index === 0 ? 'M' : 'L'}${(index * step).toFixed(1)} ${y(value).toFixed(1)}`)
    .join('');
}
