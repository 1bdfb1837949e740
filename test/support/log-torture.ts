/** Agents, a realm over HTTP, a reader and a server that is killed again and again: real processes at one log. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { formatFooter } from "../../src/markdown/log/format.ts";
import { readReplyHeading } from "../../src/markdown/log/headings.ts";
import { dist } from "./server.ts";

export interface TortureResult {
  /** What agents have written, by id. */
  readonly asked: readonly string[];
  readonly executions: ReadonlyMap<string, number>;
  readonly text: string;
  readonly kills: number;
  readonly reads: number;
  readonly torn: readonly string[];
  readonly ways: Readonly<Record<string, number>>;
  readonly complaints: readonly string[];
}

const agents = ["ann", "bob", "cleo"];

export async function torture(appends: number): Promise<TortureResult> {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), "vtr-torture-")));
  try {
    return await new Torture(folder).run(appends);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

class Torture {
  readonly root: string;
  readonly file: string;
  readonly executions = new Map<string, number>();
  readonly torn: string[] = [];
  readonly complaints: string[] = [];
  #port = 0;
  #server: ChildProcess | undefined;
  #isOver = false;
  #kills = 0;
  #reads = 0;
  readonly #state: string;

  constructor(folder: string) {
    this.root = path.join(folder, "root");
    this.#state = path.join(folder, "state");
    this.file = path.join(this.root, "daebug", "torture.md");
  }

  async run(appends: number): Promise<TortureResult> {
    await mkdir(path.dirname(this.file), { recursive: true });
    await writeFile(this.file, `# torture\n\n${formatFooter()}`);
    this.#port = await freePort();
    await this.#start();
    const realm = this.#realm();
    const reader = this.#reader();
    const written = agents.map((name) => this.#agent(name, Math.ceil(appends / agents.length)));
    const killer = this.#killer();
    const lines = (await Promise.all(written)).flat();
    const asked = lines.map((line) => line.split(" ")[1]!);
    await this.#answered(asked.length);
    this.#isOver = true;
    await Promise.all([killer, reader]);
    const ended = once(this.#server!, "exit");
    this.#server!.kill("SIGTERM");
    await Promise.all([ended, realm]);
    const ways: Record<string, number> = {};
    for (const line of lines) {
      const [way = ""] = line.split(" ");
      ways[way] = (ways[way] ?? 0) + 1;
    }
    return {
      asked,
      executions: this.executions,
      text: await readFile(this.file, "utf8"),
      kills: this.#kills,
      reads: this.#reads,
      torn: this.torn,
      ways,
      complaints: this.complaints,
    };
  }

  async #start(): Promise<void> {
    const child = spawn(
      process.execPath,
      [
        path.join(dist, "server/cli.js"),
        "repl",
        "--root",
        this.root,
        "--port",
        String(this.#port),
        "--json",
      ],
      { env: { ...process.env, XDG_STATE_HOME: this.#state }, stdio: ["ignore", "pipe", "pipe"] },
    );
    this.#server = child;
    child.stderr.setEncoding("utf8").on("data", (text: string) => this.complaints.push(text));
    for await (const line of createInterface({ input: child.stdout })) {
      if ((JSON.parse(line) as { event?: string }).event === "ready") break;
    }
    child.stdout.resume();
    if (child.exitCode !== null)
      throw new Error(`the server ended with ${child.exitCode}: ${this.complaints.join("")}`);
  }

  async #killer(): Promise<void> {
    while (!this.#isOver) {
      await sleep(500 + Math.random() * 3500);
      if (this.#isOver) break;
      const ended = once(this.#server!, "exit");
      this.#server!.kill("SIGKILL");
      await ended;
      this.#kills++;
      await this.#start();
    }
  }

  async #agent(name: string, total: number): Promise<string[]> {
    const script = path.join(import.meta.dirname, "log-writer-child.ts");
    const child = spawn(process.execPath, [script, this.file, name, String(total), "150"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) lines.push(line);
    return lines;
  }

  /** As the client of section 14 does: what it took it posts before it asks again, if it can. */
  async #realm(): Promise<void> {
    while (!this.#isOver) {
      const job = await this.#poll();
      if (job === undefined) continue;
      const id = /^run\("(.*)"\)$/.exec(job.code)?.[1] ?? job.code;
      this.executions.set(id, (this.executions.get(id) ?? 0) + 1);
      // A page that is reloaded in this moment answers nothing; another one tries until there is a server.
      const tries = Math.random() < 0.5 ? 1 : 200;
      for (let count = 0; count < tries && !(await this.#post(job.id, `done ${id}`)); count++)
        await sleep(50);
    }
  }

  async #poll(): Promise<{ id: string; code: string } | undefined> {
    try {
      const answer = await fetch(this.#address, { signal: AbortSignal.timeout(1500) });
      const id = answer.headers.get("x-job-id");
      const code = await answer.text();
      return id === null ? undefined : { id, code };
    } catch {
      await sleep(20);
      return undefined;
    }
  }

  async #post(jobId: string, value: string): Promise<boolean> {
    try {
      const answer = await fetch(this.#address, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ ok: true, value, jobId, backgroundEvents: [] }),
        signal: AbortSignal.timeout(3000),
      });
      return (await answer.text()) === "ok";
    } catch {
      return false;
    }
  }

  get #address(): string {
    return `http://127.0.0.1:${this.#port}/-daebug-channel?name=torture&url=${encodeURIComponent("http://localhost/")}`;
  }

  async #reader(): Promise<void> {
    while (!this.#isOver) {
      const text = await readFile(this.file, "utf8").catch((error: unknown) => String(error));
      this.#reads++;
      const isWhole =
        text.startsWith("# torture\n") && text.match(/^> Append your/gm)?.length === 1;
      if (!isWhole) this.torn.push(text);
      await sleep(5);
    }
  }

  /** Waits until every block has its reply. */
  async #answered(count: number): Promise<void> {
    const end = Date.now() + 180_000;
    while (Date.now() < end) {
      const text = await readFile(this.file, "utf8");
      if (repliesOf(text).length >= count && !/^executing \(/m.test(text)) return;
      await sleep(200);
    }
  }
}

export interface Reply {
  readonly id: string;
  readonly texts: readonly string[];
}

/** Headings of finished replies. */
export function repliesOf(text: string): string[] {
  return text.split("\n").filter((line) => {
    const state = readReplyHeading(line)?.state;
    return state !== undefined && state !== "executing";
  });
}

/** What stands between a block and the next one. */
export function answersTo(text: string): Reply[] {
  const parts = text.split(/^```js\nrun\("([^"]*)"\)\n```$/m);
  const replies: Reply[] = [];
  for (let index = 1; index < parts.length; index += 2)
    replies.push({
      id: parts[index]!,
      texts: parts[index + 1]!.split(/^(?=#### )/m).slice(1),
    });
  return replies;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject).listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
