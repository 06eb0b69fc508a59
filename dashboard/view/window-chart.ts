import uPlot from 'uplot';
import { chartColumns, valueRange } from '../model/chart-columns.ts';
import { formatClock } from '../model/format.ts';
import type { WindowPoint } from '../model/window-groups.ts';
import { themeColour } from './theme.ts';

/** What one chart shows. */
export interface ChartContent {
  readonly points: readonly WindowPoint[];
  readonly open: WindowPoint | undefined;
  readonly timeRange: readonly [number, number];
  readonly colour: number;
}

const height = 150;
const font = '11px system-ui, sans-serif';

/** A chart of 60-second windows: steps for the average, a band from minimum to maximum, the open window hollow. */
export interface WindowChart {
  show(content: ChartContent): void;
  redraw(): void;
  destroy(): void;
}

/** Draws into `container` and keeps its width. `onHover` gets the window under the pointer. */
export function createWindowChart(
  container: HTMLElement,
  onHover: (point: WindowPoint | undefined) => void,
): WindowChart {
  let content: ChartContent = { points: [], open: undefined, timeRange: [0, 600_000], colour: 1 };
  const plot = new uPlot(
    chartOptions({
      content: () => content,
      hover: (millis) => onHover(millis === undefined ? undefined : windowAt(content, millis)),
    }),
    chartColumns([]),
    container,
  );
  const resize = new ResizeObserver(() => {
    const width = container.clientWidth;
    if (width > 0 && width !== plot.width) plot.setSize({ width, height });
  });
  resize.observe(container);
  return {
    show: (next) => {
      content = next;
      plot.setData(chartColumns(next.points));
    },
    redraw: () => plot.redraw(false, true),
    destroy: () => {
      resize.disconnect();
      plot.destroy();
    },
  };
}

function windowAt(content: ChartContent, millis: number): WindowPoint | undefined {
  const isInside = (point: WindowPoint): boolean => millis >= point.time && millis < point.end;
  return content.open && isInside(content.open) ? content.open : content.points.find(isInside);
}

interface Source {
  content(): ChartContent;
  hover(millis: number | undefined): void;
}

function chartOptions(source: Source): uPlot.Options {
  const steps = uPlot.paths.stepped?.({ align: 1 });
  const edge: uPlot.Series = {
    stroke: 'transparent',
    width: 0,
    points: { show: false },
    ...(steps && { paths: steps }),
  };
  const colour = (): string => themeColour(`--series-${source.content().colour}`);
  return {
    width: 300,
    height,
    ms: 1,
    legend: { show: false },
    padding: [6, 18, 0, 0],
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: {
      x: { time: true, range: () => [...source.content().timeRange] as [number, number] },
      y: { range: () => valueRange(drawnPoints(source.content())) },
    },
    axes: [timeAxis(), valueAxis()],
    series: [{}, edge, edge, { ...edge, stroke: colour, width: 1.6 }],
    bands: [{ series: [2, 1], fill: () => `${colour()}38` }],
    hooks: {
      draw: [(plot) => drawOpen(plot, source.content().open, colour())],
      setCursor: [(plot) => source.hover(hoveredMillis(plot))],
    },
  };
}

function drawnPoints({ points, open }: ChartContent): readonly WindowPoint[] {
  return open ? [...points, open] : points;
}

function hoveredMillis(plot: uPlot): number | undefined {
  const { left } = plot.cursor;
  return left === undefined || left < 0 ? undefined : plot.posToVal(left, 'x');
}

function timeAxis(): uPlot.Axis {
  return {
    stroke: () => themeColour('--muted'),
    grid: { stroke: () => themeColour('--grid'), width: 1 },
    ticks: { show: false },
    font,
    size: 24,
    space: 56,
    values: (_plot, splits) => splits.map((millis) => formatClock(millis)),
  };
}

function valueAxis(): uPlot.Axis {
  return {
    stroke: () => themeColour('--muted'),
    grid: { stroke: () => themeColour('--grid'), width: 1 },
    ticks: { show: false },
    font,
    size: 46,
    space: 28,
    gap: 4,
    values: (_plot, splits) => splits.map((value) => axisValue(value, splits)),
  };
}

/** As many digits as the step between two grid lines needs. */
function axisValue(value: number, splits: readonly number[]): string {
  const step = (splits[1] ?? 1) - (splits[0] ?? 0);
  const isExact = (digits: number): boolean => Math.abs(step - Number(step.toFixed(digits))) < step * 1e-6;
  return value.toFixed([0, 1, 2].find(isExact) ?? 3);
}

/** The window that still fills: a hollow dashed box from minimum to maximum, a dashed average, and the word. */
function drawOpen(plot: uPlot, open: WindowPoint | undefined, colour: string): void {
  if (!open || Number.isNaN(open.avg)) return;
  const { ctx } = plot;
  const ratio = devicePixelRatio;
  const left = plot.valToPos(open.time, 'x', true);
  const right = plot.valToPos(open.end, 'x', true);
  const top = plot.valToPos(open.max, 'y', true);
  const bottom = plot.valToPos(open.min, 'y', true);
  const middle = plot.valToPos(open.avg, 'y', true);
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.lineWidth = ratio;
  ctx.setLineDash([3 * ratio, 2 * ratio]);
  ctx.strokeRect(left, top, right - left, Math.max(bottom - top, ratio));
  ctx.beginPath();
  ctx.moveTo(left, middle);
  ctx.lineTo(right, middle);
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.fillStyle = themeColour('--muted');
  ctx.font = `${10 * ratio}px system-ui, sans-serif`;
  ctx.textAlign = 'right';
  const isRoomAbove = top - plot.bbox.top > 14 * ratio;
  const labelY = isRoomAbove ? top - 4 * ratio : top + 11 * ratio;
  ctx.strokeStyle = themeColour('--panel');
  ctx.lineWidth = 3 * ratio;
  ctx.strokeText('open', right, labelY);
  ctx.fillText('open', right, labelY);
  ctx.restore();
}
