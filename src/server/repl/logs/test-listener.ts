/** Who listens to realms, and the test runs, whose jobs are followed. */
import type { InstanceListener } from "./instance.ts";
import type { TestRuns } from "./test-runs.ts";

/** Jobs of test runs are followed. */
export function withTests(listener: InstanceListener, tests: TestRuns): InstanceListener {
  return {
    ...bound(listener),
    requested(instance, job) {
      tests.requested(instance, job);
      listener.requested(instance, job);
    },
    ended(instance, job, ending) {
      tests.ended(job, ending);
      listener.ended(instance, job, ending);
    },
  };
}

function bound(listener: InstanceListener): InstanceListener {
  return {
    changed: (instance) => listener.changed(instance),
    requested: (instance, job) => listener.requested(instance, job),
    ended: (instance, job, ending) => listener.ended(instance, job, ending),
    failed: (instance, error) => listener.failed(instance, error),
    moved: (instance, job) => listener.moved(instance, job),
  };
}
