import type { Operator } from '../plan.ts';
import { printStagger } from './print-held-window.ts';
import { printJoin } from './print-join.ts';
import { printLogParse } from './print-log-parse.ts';
import { printFilter, printProject } from './print-project.ts';
import { printReferenceJoin } from './print-reference-join.ts';
import { printSliding } from './print-sliding.ts';
import { printSort } from './print-sort.ts';
import { printForest, printGroupRank, printHotspots } from './print-table-function.ts';
import { printTumbling } from './print-tumbling.ts';
import { printUnion, printValues } from './print-union.ts';
import type { PumpPrinter } from './pump-printer.ts';
import type { Rows } from './rows.ts';

/** An operator of the plan and everything below it as rows of Flink SQL. @throws NotForFlinkError */
export function printOperator(plan: Operator, printer: PumpPrinter): Rows {
  switch (plan.kind) {
    case 'scan':
      return (
        printer.job.streams.get(plan.stream) ??
        printer.refuse(`it reads "${plan.stream}", which cannot be printed itself`)
      );
    case 'values':
      return printValues(plan, printer);
    case 'union':
      return printUnion(
        plan.inputs.map((input) => printOperator(input, printer)),
        printer,
      );
    case 'windowJoin':
      return printJoin(
        plan,
        [printOperator(plan.left, printer), printOperator(plan.right, printer)],
        printer,
      );
    default:
      return printUnary(plan, printOperator(plan.input, printer), printer);
  }
}

type Unary = Exclude<Operator, { readonly kind: 'scan' | 'values' | 'union' | 'windowJoin' }>;

function printUnary(plan: Unary, input: Rows, printer: PumpPrinter): Rows {
  switch (plan.kind) {
    case 'filter':
      return printFilter(plan, input, printer);
    case 'project':
      return printProject(plan, input, printer);
    case 'tumblingAggregate':
      return printTumbling(plan, input, printer);
    case 'slidingAggregate':
      return printSliding(plan, input, printer);
    case 'staggerAggregate':
      return printStagger(plan, input, printer);
    case 'referenceJoin':
      return printReferenceJoin(plan, input, printer);
    case 'sort':
      return printSort(plan, input, printer);
    case 'logParse':
      return printLogParse(plan, input, printer);
    case 'randomCutForest':
      return printForest(plan, input, printer);
    case 'hotspots':
      return printHotspots(plan, input, printer);
    case 'groupRank':
      return printGroupRank(plan, input, printer);
  }
}
