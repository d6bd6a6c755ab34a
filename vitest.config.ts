import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/e2e/**/*.test.ts'],
    testTimeout: 20_000,
    pool: 'threads',
    // No module keeps state: files may share those that are loaded, which saves a minute.
    isolate: false,
    maxWorkers: 2,
  },
});
