import { configDefaults, defineConfig } from 'vitest/config'

const TEST_TIMEOUT_MS = 20_000
const engines = ['shared/testing/postgres-setup.ts', 'shared/testing/clickhouse-setup.ts']

export default defineConfig({
  test: {
    testTimeout: TEST_TIMEOUT_MS,
    hookTimeout: 60_000,
    maxWorkers: 2,
    setupFiles: ['shared/testing/seed-setup.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'all',
          include: ['{shared,functions,edge-workers,node-sidecar,stacks}/**/*.test.ts'],
          exclude: [...configDefaults.exclude, '**/*.kafka.test.ts', '**/*.stacks.test.ts'],
          globalSetup: engines,
        },
      },
      {
        extends: true,
        test: {
          name: 'stacks',
          include: ['stacks/*.stacks.test.ts'],
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'kafka',
          include: ['**/*.kafka.test.ts'],
          exclude: [...configDefaults.exclude],
          testTimeout: 60_000,
        },
      },
    ],
  },
})
