/** Which port a command-line REPL takes, and how it gets it from a server that serves the same root (16.2, 16.3). */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SHUTDOWN_MARKER } from "../../markdown/log/registry.ts";
import { derivePort } from "../../markdown/log/names.ts";
import { UserError } from "../../protocol/errors.ts";
import { createTextWriter } from "../files/text-writer.ts";

/** Ms a server has to say who it is, and to leave. */
const times = { health: 400, leave: 3000, look: 100 } as const;
/** Ports tried after the first. */
const others = 19;

/** Who listens on a port of this machine. */
export type Occupant = "same root" | "another root" | "older server" | "stranger";

export interface PortWish {
  /** Absolute. */
  readonly root: string;
  /** Named by the user: then no other one is taken. */
  readonly explicit?: number;
  /** Of the environment variable PORT. */
  readonly fromEnvironment?: number;
}

/**
 * Listens on the first port that can be had.
 * @param listen resolves, or rejects with code `EADDRINUSE`
 * @throws UserError `port_exhausted` or `port_in_use`
 */
export async function takePort(
  { root, explicit, fromEnvironment }: PortWish,
  listen: (port: number) => Promise<void>,
): Promise<number> {
  const wanted = explicit ?? fromEnvironment ?? derivePort(root);
  if (await tryPort(wanted, listen)) return wanted;
  const occupant = await whoListens(wanted, root);
  const isOurs = occupant === "same root" || occupant === "older server";
  const isFree = (): Promise<boolean> => tryPort(wanted, listen);
  if (isOurs && (await askToLeave(root)) && (await untilDone(isFree))) return wanted;
  if (explicit !== undefined)
    throw new UserError(
      "port_in_use",
      `Port ${wanted} is taken by ${describe(occupant)}. Stop it, or choose another port`,
    );
  for (let count = 1; count <= others; count++) {
    const port = derivePort(`${root}${count}`);
    if (await tryPort(port, listen)) return port;
  }
  throw new UserError(
    "port_exhausted",
    `Port ${wanted} and ${others} others are all taken. Free one, or name one with --port`,
  );
}

/** Asks who listens. An older server has no health, but its channel refuses a poll without a name. */
export async function whoListens(port: number, root: string): Promise<Occupant> {
  const health = await get(`http://127.0.0.1:${port}/health`);
  const facts = parse(health?.body);
  if (facts?.["name"] === "daebug")
    return facts["root"] === path.basename(root) ? "same root" : "another root";
  const channel = await get(`http://127.0.0.1:${port}/-daebug-channel`);
  return channel?.status === 400 ? "older server" : "stranger";
}

/** Writes the shutdown marker and waits for the answer: the server replaces the text. @returns whether somebody did */
export async function askToLeave(root: string): Promise<boolean> {
  const file = path.join(root, "daebug.md");
  const writer = createTextWriter({ root, late: () => {} });
  let before: string | undefined;
  const asked = await writer.change(file, (found) => {
    before = found;
    return found === undefined ? undefined : `${found}\n${SHUTDOWN_MARKER}\n`;
  });
  if (asked === undefined) return false;
  const until = Date.now() + times.leave;
  while (Date.now() < until) {
    await sleep(times.look);
    if ((await readFile(file, "utf8").catch(() => "")) !== asked) return true;
  }
  await writer.change(file, (found) => (found === asked ? before : undefined));
  await writer.close();
  return false;
}

/** Who leaves says so first and then lets go: tries until it has. @returns whether it was done in time */
export async function untilDone(attempt: () => Promise<boolean>): Promise<boolean> {
  const until = Date.now() + times.leave;
  while (!(await attempt())) {
    if (Date.now() > until) return false;
    await sleep(times.look);
  }
  return true;
}

async function tryPort(port: number, listen: (port: number) => Promise<void>): Promise<boolean> {
  try {
    await listen(port);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return false;
    throw error;
  }
}

async function get(url: string): Promise<{ status: number; body: string } | undefined> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(times.health) });
    return { status: answer.status, body: await answer.text() };
  } catch {
    // Silence, or no HTTP: then it is none of ours.
    return undefined;
  }
}

function parse(text: string | undefined): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text ?? "") as Record<string, unknown>;
  } catch {
    // Not ours.
    return undefined;
  }
}

function describe(occupant: Occupant): string {
  if (occupant === "stranger") return "another program";
  return occupant === "another root" ? "the REPL of another folder" : "a REPL that does not leave";
}
