/** A reading as the oracle sees it. */
export interface OracleRow {
  readonly key: string | null;
  readonly value: number | null;
  readonly time: number;
}

export interface OracleWindow {
  readonly key: string | null;
  readonly end: number;
  readonly count: number;
  readonly sum: number | null;
  readonly average: number | null;
  readonly minimum: number | null;
  readonly maximum: number | null;
}

/** Tumbling windows the slow, obvious way: filter all rows once per window and key. Shares no code with the engine. */
export function tumbleSlowly(rows: readonly OracleRow[], widthMillis: number): OracleWindow[] {
  const endOf = (time: number) => (Math.floor(time / widthMillis) + 1) * widthMillis;
  const ends = [...new Set(rows.map((row) => endOf(row.time)))].sort((a, b) => a - b);
  return ends.flatMap((end) => {
    const inside = rows.filter((row) => endOf(row.time) === end);
    return [...new Set(inside.map((row) => row.key))].map((key) => {
      const group = inside.filter((row) => row.key === key);
      const values = group.flatMap((row) => (row.value === null ? [] : [row.value]));
      const sum = values.reduce((total, value) => total + value, 0);
      return {
        key,
        end,
        count: group.length,
        sum: values.length === 0 ? null : sum,
        average: values.length === 0 ? null : sum / values.length,
        minimum: values.length === 0 ? null : Math.min(...values),
        maximum: values.length === 0 ? null : Math.max(...values),
      };
    });
  });
}

export interface OraclePoint {
  readonly key: string;
  readonly value: number;
  readonly time: number;
}

/** Sliding windows the slow way: for each row, all rows of its key up to it that lie within the range. */
export function slideSlowly(
  rows: readonly OraclePoint[],
  inside: (row: OraclePoint, at: OraclePoint, back: number) => boolean,
) {
  return rows.map((at, index) => {
    const same = rows.slice(0, index + 1).filter((row) => row.key === at.key);
    const seen = same
      .filter((row, position) => inside(row, at, same.length - 1 - position))
      .map((row) => row.value);
    return {
      key: at.key,
      count: seen.length,
      sum: seen.reduce((a, b) => a + b, 0),
      maximum: Math.max(...seen),
      first: seen[0],
    };
  });
}

/** A window join the slow way: every order against every shipment; unmatched orders come out alone. */
export function joinSlowly(
  orders: readonly OraclePoint[],
  shipments: readonly OraclePoint[],
  left: number,
  right: number,
) {
  type Joined = { key: string; order: number; shipment: number | null; time: number };
  return orders.flatMap((order): Joined[] => {
    const met = shipments.filter(
      ({ key, time }) => key === order.key && order.time >= time - left && order.time <= time + right,
    );
    if (met.length === 0)
      return [{ key: order.key, order: order.value, shipment: null, time: order.time + left }];
    return met.map((shipment) => ({
      key: order.key,
      order: order.value,
      shipment: shipment.value,
      time: Math.max(order.time, shipment.time),
    }));
  });
}

/** Stagger windows the slow way: a key's first row opens a window of fixed length, the next row after it another. */
export function staggerSlowly(rows: readonly OraclePoint[], length: number) {
  return [...new Set(rows.map(({ key }) => key))].flatMap((key) => {
    const windows: { key: string; count: number; sum: number; time: number }[] = [];
    for (const { value, time } of rows.filter((row) => row.key === key)) {
      const last = windows.at(-1);
      if (last === undefined || time >= last.time)
        windows.push({ key, count: 1, sum: value, time: time + length });
      else {
        last.count++;
        last.sum += value;
      }
    }
    return windows;
  });
}
