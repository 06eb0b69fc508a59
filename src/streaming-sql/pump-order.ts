import type { Checker } from './checker.ts';
import type { Operator, PumpPlan } from './plan.ts';
import type { CreatePump } from './syntax.ts';

/** Every stream an operator tree reads. */
export function streamsRead(operator: Operator): string[] {
  switch (operator.kind) {
    case 'scan':
      return [operator.stream];
    case 'values':
      return [];
    case 'union':
      return operator.inputs.flatMap(streamsRead);
    case 'windowJoin':
      return [...streamsRead(operator.left), ...streamsRead(operator.right)];
    default:
      return streamsRead(operator.input);
  }
}

/**
 * Pumps in data-flow order: a pump comes after every pump that writes a stream it reads.
 * @throws StreamingSqlError when pumps feed each other in a circle
 */
export function orderPumps(
  pumps: readonly PumpPlan[],
  syntax: readonly CreatePump[],
  checker: Checker,
): PumpPlan[] {
  const waiting = new Set(pumps);
  const ordered: PumpPlan[] = [];
  while (waiting.size > 0) {
    const written = new Set([...waiting].map(({ into }) => into));
    const ready = [...waiting].filter(
      ({ query }) => !streamsRead(query).some((stream) => written.has(stream)),
    );
    if (ready.length === 0) {
      const [stuck] = waiting;
      const start = syntax.find(({ name }) => name.value === stuck?.name)?.start ?? 0;
      return checker.fail(
        start,
        `Pump "${stuck?.name}" feeds itself, directly or through other pumps, pumps must form a chain`,
      );
    }
    for (const pump of ready) {
      waiting.delete(pump);
      ordered.push(pump);
    }
  }
  return ordered;
}
