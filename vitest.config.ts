import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{src,functions,devices,tests,dashboard}/**/*.test.ts'],
    testTimeout: 30_000,
    maxWorkers: 2,
  },
});
