import type { Aggregates } from './aggregate-result.ts';
import { WindowPane } from './window-pane.ts';

/** The windows of one operator that rows can still go to, ascending by start. */
export class WindowPanes {
  readonly #aggregates: Aggregates;
  readonly #panes: WindowPane[] = [];
  /** Where the row before went. */
  #current: WindowPane | null = null;

  constructor(aggregates: Aggregates) {
    this.#aggregates = aggregates;
  }

  get all(): readonly WindowPane[] {
    return this.#panes;
  }

  /** The window of a time; most rows belong to that of the row before, most others to a new one. */
  at(rowtime: number): WindowPane | null {
    const current = this.#current;
    if (current !== null && rowtime >= current.startMillis && rowtime < current.endMillis) return current;
    for (let at = this.#panes.length - 1; at >= 0; at--) {
      const pane = this.#panes[at]!;
      if (rowtime >= pane.endMillis) return null;
      if (rowtime >= pane.startMillis) {
        this.#current = pane;
        return pane;
      }
    }
    return null;
  }

  /** Opens a window; it may have ended before the `watermark`, when rows come late. */
  add(startMillis: number, endMillis: number, watermark: number): WindowPane {
    const pane = new WindowPane(startMillis, endMillis, this.#aggregates);
    pane.isClosed = endMillis <= watermark;
    const at = this.#panes.findIndex((other) => other.startMillis > startMillis);
    this.#panes.splice(at < 0 ? this.#panes.length : at, 0, pane);
    return pane;
  }

  /** Takes the oldest window away if it ended by then. */
  takeOld(untilMillis: number): WindowPane | null {
    const oldest = this.#panes[0];
    if (oldest === undefined || oldest.endMillis > untilMillis) return null;
    this.#panes.shift();
    if (oldest === this.#current) this.#current = null;
    return oldest;
  }
}
