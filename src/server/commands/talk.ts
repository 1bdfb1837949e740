/** Verbs that talk to the running REPL of a folder: `realms`, `eval`, `logs`. They see what the editor's tree sees. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fenced } from "../../markdown/log/fences.ts";
import { UserError } from "../../protocol/errors.ts";
import { callApi, serverOf, type ApiCall } from "./api-client.ts";
import { existingFolder } from "./folders.ts";
import { exitCodes, printError, printJson, printLine } from "./output.ts";

export interface TalkOptions {
  readonly root: string;
  readonly json?: boolean;
}

export interface EvalOptions extends TalkOptions {
  /** A realm's name; else the page that was seen last. */
  readonly realm?: string;
  /** Ms the code may run. */
  readonly timeout?: number;
}

interface RealmRow {
  readonly name: string;
  readonly kind: string;
  readonly url: string;
  readonly state: string;
  readonly file: string;
}

interface EvalResult {
  readonly status: string;
  readonly value?: unknown;
  readonly error?: unknown;
}

const evalMs = 60_000;

export async function realms(options: TalkOptions): Promise<void> {
  const rows = await listRealms(existingFolder(options.root));
  if (options.json === true) return printJson({ event: "realms", realms: rows });
  const width = Math.max(0, ...rows.map(({ name }) => name.length));
  for (const { name, kind, state, url } of rows)
    printLine(`${name.padEnd(width)}  ${kind.padEnd(6)}  ${state.padEnd(9)}  ${url}`);
  if (rows.length === 0) printError("No realm is connected. Open a page");
}

/** Appends the code to the log of a realm and prints the answer. @returns the exit code */
export async function evaluate(code: string, options: EvalOptions): Promise<number> {
  const root = existingFolder(options.root);
  const { realm, timeout = evalMs } = options;
  const name = realm ?? (await newestRealm(root));
  const answer = await ask(root, {
    path: `/instances/${encodeURIComponent(name)}/append`,
    body: { chunk: fenced("ts", code), agentName: "shell", waitMs: evalMs, timeoutMs: timeout },
  });
  const [result] = (answer["results"] ?? []) as EvalResult[];
  if (result === undefined)
    throw new UserError("deadline", `${name} has not answered yet. Its log will: see vitrine logs`);
  const isGood = result.status === "finished";
  if (options.json === true) printJson({ event: "result", realm: name, ...result });
  else if (isGood) printLine(textOf(result.value));
  else printError(textOf(result.error));
  return isGood ? exitCodes.done : exitCodes.failed;
}

/** Prints the log of a realm, or says which there are. */
export async function logs(name: string | undefined, options: TalkOptions): Promise<void> {
  const root = existingFolder(options.root);
  const rows = await listRealms(root);
  if (name === undefined) {
    for (const row of rows) printLine(`${row.name}  ${path.join(root, row.file)}`);
    return;
  }
  const row = rows.find((one) => one.name === name);
  if (row === undefined) throw unknown(name, rows);
  process.stdout.write(await readFile(path.join(root, row.file), "utf8"));
}

async function newestRealm(root: string): Promise<string> {
  const rows = (await listRealms(root)).filter(({ state }) => state !== "offline");
  const found = rows.find(({ kind }) => kind === "page") ?? rows[0];
  if (found !== undefined) return found.name;
  throw new UserError(
    "realm_gone",
    `No realm of ${root} is connected. Open a page, then try again`,
  );
}

async function listRealms(root: string): Promise<readonly RealmRow[]> {
  const { instances } = await ask(root, { path: "/instances" });
  return instances as readonly RealmRow[];
}

async function ask(root: string, call: ApiCall): Promise<Record<string, unknown>> {
  const server = await serverOf(root);
  if (server === undefined)
    throw new UserError(
      "not_found",
      `No server of ${root} runs. Start one with vitrine repl, or with Start REPL in the editor`,
    );
  return callApi(server, root, call);
}

function unknown(name: string, rows: readonly RealmRow[]): UserError {
  const names = rows.map((row) => row.name).join(", ") || "none";
  return new UserError("not_found", `There is no realm ${name}. Known now: ${names}`);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "undefined");
}
