import { createRequire } from 'node:module';
import { defineConfig } from 'vitest/config';

const { planModule } = createRequire(import.meta.url)('./bin/streaming-sql-plugin.cjs') as {
  planModule: (file: string) => string;
};

export default defineConfig({
  plugins: [
    {
      name: 'streaming-sql',
      load: (id) => (id.endsWith('.sql') ? planModule(id) : undefined),
    },
  ],
  test: {
    include: ['{src,functions,devices,tests,dashboard}/**/*.test.ts'],
    testTimeout: 30_000,
    maxWorkers: 2,
  },
});
