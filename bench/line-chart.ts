/** One panel: values over a logarithmic axis, lines by name; the y axis starts at 0 unless it is logarithmic too. */
export interface Panel {
  readonly title: string;
  readonly xLabel: string;
  readonly xs: readonly number[];
  readonly isLogarithmic?: boolean;
  readonly lines: readonly {
    readonly name: string;
    readonly color: string;
    readonly ys: readonly number[];
  }[];
}

const WIDTH = 380;
const HEIGHT = 240;
const LEFT = 48;
const BOTTOM = 44;
const TOP = 34;

/** Draws panels two in a row as one SVG. */
export function drawPanels(panels: readonly Panel[]): string {
  const rows = Math.ceil(panels.length / 2);
  const drawn = panels.map(
    (panel, i) =>
      `<g transform="translate(${(i % 2) * WIDTH} ${Math.floor(i / 2) * HEIGHT})">${drawPanel(panel)}</g>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${2 * WIDTH} ${rows * HEIGHT}" font-family="sans-serif" font-size="11" fill="#333">
<rect width="100%" height="100%" fill="#fff"/>
${drawn.join('\n')}
</svg>
`;
}

function drawPanel({ title, xLabel, xs, isLogarithmic = false, lines }: Panel): string {
  const ticks = yTicks(
    Math.max(...lines.flatMap(({ ys }) => ys)),
    isLogarithmic,
    lines.flatMap(({ ys }) => ys),
  );
  const x = scale(Math.log(xs[0]!), Math.log(xs.at(-1)!), LEFT, WIDTH - 16);
  const place = (y: number): number => (isLogarithmic ? Math.log(y) : y);
  const y = scale(place(ticks[0]!), place(ticks.at(-1)!), HEIGHT - BOTTOM, TOP);
  const grid = ticks.map(
    (tick) =>
      `<path d="M${LEFT} ${at(y(place(tick)))}H${WIDTH - 16}" stroke="#ddd"/><text x="${LEFT - 6}" y="${at(y(place(tick)) + 4)}" text-anchor="end">${tick}</text>`,
  );
  const labels = xs.map(
    (value) =>
      `<text x="${at(x(Math.log(value)))}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${short(value)}</text>`,
  );
  const drawn = lines.map(({ name, color, ys }, i) => {
    const points = ys.map((value, j) => `${at(x(Math.log(xs[j]!)))},${at(y(place(value)))}`);
    const dots = points.map(
      (point) => `<circle cx="${point.split(',')[0]}" cy="${point.split(',')[1]}" r="2.5"/>`,
    );
    return `<g fill="${color}"><polyline points="${points.join(' ')}" fill="none" stroke="${color}" stroke-width="1.5"/>${dots.join('')}<text x="${LEFT + 8 + i * 110}" y="${TOP - 4}">${name}</text></g>`;
  });
  return `<text x="${LEFT}" y="14" font-weight="bold">${title}</text>${grid.join('')}${labels.join('')}
<text x="${(LEFT + WIDTH) / 2}" y="${HEIGHT - 12}" text-anchor="middle">${xLabel}</text>
${drawn.join('\n')}`;
}

function scale(from: number, to: number, low: number, high: number): (value: number) => number {
  return (value) => low + ((value - from) / (to - from || 1)) * (high - low);
}

function yTicks(most: number, isLogarithmic: boolean, values: readonly number[]): number[] {
  if (isLogarithmic) {
    const first = Math.floor(Math.log10(Math.min(...values)));
    const last = Math.ceil(Math.log10(most));
    return Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i));
  }
  const rough = most / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough;
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, i) => i * step);
}

function at(value: number): string {
  return value.toFixed(1);
}

function short(value: number): string {
  return value >= 1e6 ? `${value / 1e6} M` : value >= 1000 ? `${value / 1000} k` : String(value);
}
