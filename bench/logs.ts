/**
 * REPL: request → reply on disk, for a page and for Node, against the least that could do it; a save against a poller; and
 * what the length of a log costs (goals 9 and 10).
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, watch } from "node:fs";
import { mkdir, open, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { project } from "../scripts/bootstrap.mjs";
import { formatFooter } from "../src/markdown/log/format.ts";
import { compare, type Target } from "./harness.ts";
import { startWarmServer } from "./servers.ts";

/** Between two requests, so that nothing of one is left when the next comes. */
const pause = 400;
const sizes = { small: 10_000, large: 10_000_000 } as const;

interface Bench {
  readonly browser: Browser;
  readonly folder: string;
  readonly rounds: number;
}

interface Running {
  readonly url: string;
  readonly token: string;
  stop(): Promise<void>;
}

export async function benchLogs(bench: Bench): Promise<boolean> {
  const page = await benchPage(bench);
  const click = await benchClick(bench);
  const node = await benchNode(bench);
  return page && click && node;
}

async function benchPage({ browser, folder, rounds }: Bench): Promise<boolean> {
  const root = path.join(folder, "logs");
  await mkdir(root, { recursive: true });
  await writeFile(path.join(root, "index.html"), "<!doctype html><h1>page</h1>");
  const cli = path.join(project, "dist/server/cli.js");
  const state = { XDG_STATE_HOME: path.join(folder, "logs-state") };
  const ours = await start([cli, "repl", "--root", root, "--json"], state);
  const bare = path.join(folder, "bare.md");
  const polled = path.join(folder, "polled.md");
  for (const file of [bare, polled]) await writeFile(file, padding(sizes.small));
  const reference = await start([script("log-reference.ts"), bare, "page"]);
  const poller = await start([script("log-reference.ts"), polled, "poller"]);
  try {
    for (const { url } of [reference, poller]) await (await browser.newPage()).goto(url);
    const [small, large] = [await openRealm(browser, ours), await openRealm(browser, ours)];
    const fileOf = (name: string): string => path.join(root, "daebug", `${name}.md`);
    await writeFile(fileOf(small), padding(sizes.small) + formatFooter());
    await writeFile(fileOf(large), padding(sizes.large) + formatFooter());
    await delay(1000);
    const request = (name: string): Target["measure"] =>
      measured(fileOf(name), (code) => append(ours, name, code));
    const api = await compare({
      title: "Log of a page: API append → reply on disk",
      targets: [
        { name: "vitrine repl", measure: request(small) },
        referenceTarget(bare, reference),
      ],
      rounds,
      goal: 2,
    });
    const save = (file: string): Target["measure"] => {
      const ask = async (code: string): Promise<void> =>
        appendFileSync(file, `\n\`\`\`js\n${code}\n\`\`\`\n`);
      // At any moment of the poller's second.
      return measured(file, ask, { wait: () => pause + Math.random() * 1000 });
    };
    const saved = await compare({
      title: "Log of a page: file save → reply on disk",
      targets: [
        { name: "vitrine repl", measure: save(fileOf(small)) },
        { name: "a poller of 1 s", measure: save(polled) },
      ],
      rounds,
      goal: 0.15,
    });
    const ofSmall = request(small);
    const long = await compare({
      title: "A log of 10 MB: API append → reply on disk",
      targets: [
        { name: "10 MB", measure: request(large) },
        {
          name: "10 kB + 2 bare rewrites of 10 MB",
          measure: async (round) =>
            (await ofSmall(round)) + (await rewrite(folder)) + (await rewrite(folder)),
        },
        { name: "10 kB", measure: ofSmall },
      ],
      rounds,
      goal: 1.5,
    });
    return api && saved && long;
  } finally {
    for (const server of [ours, reference, poller]) await server.stop();
  }
}

/** A block of a document, run in the page of a project by *Run*. */
async function benchClick({ browser, folder, rounds }: Bench): Promise<boolean> {
  const root = path.join(folder, "documents");
  await mkdir(root, { recursive: true });
  await writeFile(path.join(root, "index.html"), "<!doctype html><h1>notes</h1>");
  const bare = path.join(folder, "bare-click.md");
  await writeFile(bare, padding(sizes.small));
  const server = await startWarmServer([root], path.join(folder, "documents-state"));
  const reference = await start([script("log-reference.ts"), bare, "page"]);
  try {
    const { url } = await server.open(root);
    for (const address of [url, reference.url]) {
      const page = await (await browser.newContext()).newPage();
      await page.goto(address);
    }
    const file = path.join(root, "notes.md");
    const textOf = (code: string): string =>
      `${"Words.\n".repeat(1400)}\n\`\`\`js realm=page\n${code}\n\`\`\`\n`;
    const click = async (code: string): Promise<void> =>
      void (await server.methods.runBlock({ file, text: textOf(code), block: 0 }));
    return await againstReference(
      "Block of a document in a page: Run → result on disk",
      measured(file, click, { prepare: (code) => writeFile(file, textOf(code)) }),
      { bare, reference, rounds },
    );
  } finally {
    await reference.stop();
    await server.stop();
  }
}

async function benchNode({ folder, rounds }: Bench): Promise<boolean> {
  const root = path.join(folder, "node-logs");
  await mkdir(root, { recursive: true });
  await writeFile(path.join(root, "package.json"), '{"name":"notes","type":"module"}');
  await writeFile(path.join(root, "index.html"), "<!doctype html><h1>notes</h1>");
  const bare = path.join(folder, "bare-node.md");
  await writeFile(bare, padding(sizes.small));
  const server = await startWarmServer([root], path.join(folder, "node-logs-state"));
  const reference = await start([script("log-reference.ts"), bare, "node"]);
  try {
    await server.open(root);
    await server.methods.startRepl(root);
    const document = path.join(root, "notes.md");
    await writeFile(document, "```js\n1\n```\n");
    // The first block starts the realm of the folder.
    await server.methods.runBlock({ file: document, text: "```js\n1\n```\n", block: 0 });
    const name = await server.log(root);
    const file = path.join(root, "daebug", `${name}.md`);
    await writeFile(file, padding(sizes.small) + formatFooter());
    await delay(1000);
    const request = (code: string): Promise<void> =>
      server.methods.appendToLog({
        root,
        name,
        agent: "bench",
        chunk: `\`\`\`js\n${code}\n\`\`\``,
      });
    return await againstReference(
      "Log of a Node realm: append → reply on disk",
      measured(file, request),
      { bare, reference, rounds },
    );
  } finally {
    await reference.stop();
    await server.stop();
  }
}

function againstReference(
  title: string,
  measure: Target["measure"],
  { bare, reference, rounds }: { bare: string; reference: Running; rounds: number },
): Promise<boolean> {
  const targets = [{ name: "vitrine", measure }, referenceTarget(bare, reference)];
  return compare({ title, targets, rounds, goal: 2 });
}

/** The least that could do it. @param file that it answers in */
function referenceTarget(file: string, { url }: Running): Target {
  const post = async (code: string): Promise<void> =>
    void (await fetch(url, { method: "POST", body: code }));
  return { name: "push, eval, one flushed rename", measure: measured(file, post) };
}

interface Measuring {
  /** Ms before a request. */
  wait?(): number;
  /** Brings the file into the state before the request; not measured. */
  prepare?(code: string): Promise<void>;
}

/** A request whose value tells it from all others; ms until that value stands in the file. */
function measured(
  file: string,
  ask: (code: string) => Promise<void>,
  { wait = () => pause, prepare }: Measuring = {},
): Target["measure"] {
  let count = 0;
  return async () => {
    const [left, right] = [Math.floor(Math.random() * 1e9), ++count];
    await prepare?.(`${left} + ${right}`);
    await delay(wait());
    const seen = untilIn(file, `\n${left + right}\n`);
    const started = performance.now();
    await Promise.all([ask(`${left} + ${right}`), seen]);
    return (await seen) - started;
  };
}

/** When a text first stands near the end of a file; told by the directory, as files are replaced. */
function untilIn(file: string, wanted: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const look = async (): Promise<void> => {
      const text = await tailOf(file);
      if (!text.includes(wanted)) return;
      resolve(performance.now());
      watcher.close();
      clearTimeout(limit);
    };
    const watcher = watch(path.dirname(file), (_event, name) => {
      if (name === path.basename(file)) void look();
    });
    const limit = setTimeout(() => {
      watcher.close();
      reject(new Error(`${JSON.stringify(wanted)} did not come into ${file}`));
    }, 20_000);
  });
}

async function tailOf(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, 4000);
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString();
  } finally {
    await handle.close();
  }
}

/** Ms of one bare temporary file, flush and rename of 10 MB. */
async function rewrite(folder: string): Promise<number> {
  const file = path.join(folder, "rewritten.md");
  const bytes = Buffer.from(padding(sizes.large));
  await writeFile(file, bytes);
  const started = performance.now();
  const handle = await open(`${file}.tmp`, "w");
  await handle.writeFile(bytes);
  await handle.sync();
  await handle.close();
  await rename(`${file}.tmp`, file);
  return performance.now() - started;
}

function padding(size: number): string {
  const turn = (index: number): string =>
    `## Turn ${index}\n\n### \u{1F5E3}\uFE0Fagent to page at 09:00:00\n\`\`\`js\nvalue(${index})\n\`\`\`\n\n#### \u{1F44D}page to agent at 09:00:00 (4ms)\n\`\`\`JSON\n${index}\n\`\`\`\n\n`;
  let text = "# page\n\n";
  for (let index = 0; text.length < size; index++) text += turn(index);
  return text;
}

async function append({ url, token }: Running, name: string, code: string): Promise<void> {
  const answer = await fetch(`${url}instances/${name}/append`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ chunk: `\`\`\`js\n${code}\n\`\`\`` }),
  });
  if (!answer.ok) throw new Error(`append answered ${answer.status}: ${await answer.text()}`);
}

/** Opens a page in a context of its own. @returns the name of its realm */
async function openRealm(browser: Browser, { url, token }: Running): Promise<string> {
  const names = async (): Promise<string[]> => {
    const answer = await fetch(`${url}instances`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const { instances } = (await answer.json()) as { instances: { name: string; kind?: string }[] };
    return instances.filter(({ name }) => !name.endsWith("-webworker")).map(({ name }) => name);
  };
  const before = await names();
  const context = await browser.newContext();
  await (await context.newPage()).goto(url);
  for (;;) {
    const name = (await names()).find((one) => !before.includes(one));
    if (name !== undefined) return name;
    await delay(50);
  }
}

function script(name: string): string {
  return path.join(import.meta.dirname, name);
}

async function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Running> {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const {
      event,
      url,
      token = "",
    } = JSON.parse(line) as {
      event: string;
      url?: string;
      token?: string;
    };
    if (event === "ready" && url !== undefined) return { url, token, stop: () => stop(child) };
  }
  throw new Error(`${args[0]} ended with ${child.exitCode} before it was ready`);
}

async function stop(child: ChildProcess): Promise<void> {
  child.stdout?.resume();
  if (child.exitCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await exited;
}
