/** Test projects, one per runtime. `npm test` runs them all; `vitest run test/unit` runs one folder. */
import { defineConfig } from "vitest/config";

const shared = { setupFiles: ["test/support/guard.ts"], testTimeout: 15_000, hookTimeout: 30_000 };

export default defineConfig({
  test: {
    // Two cores are what the slowest machine of the suite has; more workers only make timings lie.
    maxWorkers: 2,
    coverage: { include: ["src/**/*.ts"], reportsDirectory: "coverage" },
    projects: [
      { test: { ...shared, name: "unit", include: ["test/unit/**/*.test.ts"] } },
      {
        test: {
          ...shared,
          name: "webview",
          include: ["test/webview/**/*.test.ts"],
          environment: "happy-dom",
        },
      },
      {
        test: {
          ...shared,
          name: "server",
          include: ["test/server/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          ...shared,
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          ...shared,
          name: "ui",
          include: ["test/vscode/ui/**/*.test.ts"],
          // One editor with one browser needs both cores.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          ...shared,
          name: "long",
          include: ["test/long/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 1_200_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
