import { durationMillis } from '../capacity.ts';
import { SECONDS_PER_MONTH, type Usage } from '../cost-line.ts';
import type { Traffic } from '../traffic.ts';

/** Requests and memory-time of each function. Polling a Kinesis stream is free of charge. */
export function lambdaUsage({ functions }: Traffic): Usage[] {
  return functions.flatMap((traffic) => {
    const { name, invocationsPerSecond, memoryMegabytes, isArm } = traffic;
    const millis = durationMillis(traffic);
    const requests = invocationsPerSecond * SECONDS_PER_MONTH;
    return [
      { price: 'lambda.requests', what: `function ${name}`, perMonth: requests },
      {
        price: isArm ? 'lambda.armGbSeconds' : 'lambda.x86GbSeconds',
        what: `function ${name}, ${memoryMegabytes} MB, ${Math.round(millis)} ms`,
        perMonth: (requests * (millis / 1000) * memoryMegabytes) / 1024,
      },
    ] satisfies Usage[];
  });
}
