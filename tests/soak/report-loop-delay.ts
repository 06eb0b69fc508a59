import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

/** Loaded into the process that is measured, with --import: it tells its parent how late its event loop was. */
const REPORT_MILLIS = 1000;
const NANOS_PER_MILLI = 1e6;

/** The delays of one second. */
export interface LoopDelay {
  readonly p99Millis: number;
  readonly maxMillis: number;
}

if (isMainThread && process.send) {
  const histogram = monitorEventLoopDelay({ resolution: 5 });
  histogram.enable();
  setInterval(() => {
    const delay: LoopDelay = {
      p99Millis: histogram.percentile(99) / NANOS_PER_MILLI,
      maxMillis: histogram.max / NANOS_PER_MILLI,
    };
    histogram.reset();
    if (process.connected) process.send?.(delay);
  }, REPORT_MILLIS).unref();
}
