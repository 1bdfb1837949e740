/** Whether the server of a UI serves, and whether it still answers. Addresses end with a slash. */
import { setTimeout as sleep } from "node:timers/promises";
import { statusOf } from "../../dev-servers/external/probes.ts";

/** Ms between two looks at a server that is about to serve. */
const lookEveryMs = 100;

/** Whether Vite's client is there, or at least a page: not every server is a Vite (dev-servers 4.1.5). */
async function isServing(address: string): Promise<boolean> {
  const client = await statusOf(`${address}@vite/client`);
  if (client === 200) return true;
  const page = client === 0 ? 0 : await statusOf(address);
  return page > 0 && page < 500;
}

/** The first of several addresses that serves; asks until the signal. */
export async function firstServing(
  addresses: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  for (;;) {
    signal.throwIfAborted();
    for (const address of addresses) if (await isServing(address)) return address;
    await sleep(lookEveryMs, undefined, { signal });
  }
}

/** A server that refuses, or that knows no such file, is there all the same. */
export async function isAnswering(address: string): Promise<boolean> {
  return address !== "" && (await statusOf(`${address}@vite/client`)) !== 0;
}
