/** Imports test files into the registry of this realm. */
import { within } from "./clock.ts";
import { settleSuites } from "./describe.ts";
import { failedOutcome } from "./outcomes.ts";
import { createSuite, DEFAULT_TIMEOUT_MS } from "./registry.ts";
import type { Running } from "./run-test.ts";
import { runnerError } from "./stack.ts";

/**
 * @param files addresses below the root of the project, `/a.test.js`
 * @param prefix where that root is served
 */
export async function loadFiles(
  files: readonly string[],
  prefix: URL,
  running: Running,
): Promise<void> {
  const { registry } = running;
  const outer = registry.current;
  for (const file of files) {
    if (running.isOver()) return;
    registry.current = createSuite(null, {}, file);
    registry.roots.push(registry.current);
    try {
      await importFile(addressOf(file, prefix));
      await within(settleSuites(registry, registry.current), DEFAULT_TIMEOUT_MS, () =>
        late("suite"),
      );
    } catch (error) {
      const name = `Import: ${file.replace(/^\//, "")}`;
      running.emit(failedOutcome(name, error, { file }));
    }
  }
  registry.current = outer;
}

async function importFile(address: string): Promise<void> {
  try {
    await within(import(`${address}?t=${Date.now()}`), DEFAULT_TIMEOUT_MS, () => late("import"));
  } catch (error) {
    throw await explained(error, address);
  }
}

/** Of a module that was not delivered browsers say no more than that. */
async function explained(error: unknown, address: string): Promise<unknown> {
  if (!(error instanceof TypeError)) return error;
  try {
    const { ok, status, statusText } = await fetch(address, { method: "HEAD" });
    if (!ok) error.message += ` (${`${status} ${statusText}`.trim()})`;
  } catch {
    // The server is gone, which the first error says as well.
  }
  return error;
}

function addressOf(file: string, prefix: URL): string {
  const path = file.replace(/^\/+/, "").split("/").map(encodeURIComponent).join("/");
  return new URL(path, prefix).href;
}

function late(what: string): Error {
  return runnerError(`the ${what} did not end within ${DEFAULT_TIMEOUT_MS}ms`);
}
