import { readdirSync } from 'node:fs';
import type { FaultScenario } from './scenario.ts';

/** Every scenario of the folder `scenarios`: one a file, which is named as the scenario is. */
export async function readScenarios(): Promise<FaultScenario[]> {
  const files = readdirSync(new URL('scenarios/', import.meta.url)).filter((file) => file.endsWith('.ts'));
  return Promise.all(
    files.sort().map(async (file) => {
      const { scenario } = (await import(new URL(`scenarios/${file}`, import.meta.url).href)) as {
        scenario: FaultScenario;
      };
      if (`${scenario.name}.ts` !== file) throw new Error(`Scenario '${scenario.name}' is in '${file}'`);
      return scenario;
    }),
  );
}
