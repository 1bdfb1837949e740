/**
 * The realm client that pages of the older server bring along, in Node: it knows section 14 of the REPL specification and
 * nothing of our sources. It looks at no status, runs whatever body a poll has, and posts before it polls again.
 */
import { setTimeout as delay } from "node:timers/promises";
import { createContext, runInContext } from "node:vm";

export interface ExistingClientOptions {
  /** `http://127.0.0.1:8660`. */
  readonly origin: string;
  readonly name: string;
  /** Address of the page, or `worker://<name>`. */
  readonly url?: string;
  /** Ms; those of the real one unless a test is in a hurry. */
  readonly waits?: Partial<Waits>;
  /** Cookies and the like, as the browser adds them. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What `import()` gives, by specifier. */
  readonly modules?: Readonly<Record<string, unknown>>;
}

interface Waits {
  /** After a poll without a job. */
  readonly empty: number;
  /** After a job. */
  readonly job: number;
  /** After an exception. */
  readonly fault: number;
  /** Between two flushes of events. */
  readonly flush: number;
}

export interface ExistingClient {
  readonly name: string;
  /** Every body that was run, in order: what a test counts. */
  readonly executions: readonly { readonly id: string | null; readonly code: string }[];
  /** What a posted message was answered with, in order. */
  readonly answers: readonly { readonly status: number; readonly body: string }[];
  /** Warnings that the page would print. */
  readonly warnings: readonly string[];
  /** Answers of polls that came without a body. */
  readonly emptyPolls: number;
  /** The page's console, when no job runs. */
  readonly console: Readonly<
    Record<"log" | "info" | "warn" | "error", (...args: unknown[]) => void>
  >;
  post(message: object): Promise<{ readonly status: number; readonly body: string }>;
  /** Closes the page: nothing is posted any more. */
  close(): void;
}

const usual: Waits = { empty: 500, job: 100, fault: 3000, flush: 2000 };
const quick: Waits = { empty: 20, job: 10, fault: 50, flush: 2000 };

/** Opens a page. */
export function openExistingClient(options: ExistingClientOptions): ExistingClient {
  const { origin, name, url = `${origin}/`, headers = {}, modules = {} } = options;
  const waits = { ...usual, ...quick, ...options.waits };
  const channel = `${origin}/-daebug-channel?name=${encodeURIComponent(name)}&url=${encodeURIComponent(url)}`;
  const executions: { id: string | null; code: string }[] = [];
  const answers: { status: number; body: string }[] = [];
  const warnings: string[] = [];
  let events: object[] = [];
  let emptyPolls = 0;
  let flushedAt = 0;
  let flushTimer: NodeJS.Timeout | undefined;
  let life = new AbortController();

  const post = async (message: object): Promise<{ status: number; body: string }> => {
    const answer = await fetch(channel, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify(message),
      signal: life.signal,
    });
    const found = { status: answer.status, body: await answer.text() };
    answers.push(found);
    return found;
  };

  const flush = (): void => {
    clearTimeout(flushTimer);
    flushTimer = undefined;
    if (events.length === 0) return;
    flushedAt = Date.now();
    const batch = events;
    events = [];
    post({
      type: "background-flush",
      events: batch,
      reportedAt: new Date().toISOString(),
    }).catch(() => void (events = [...batch, ...events]));
  };

  // The first of a burst leaves at once, the others with the result or after a while.
  const record = (level: string, args: readonly unknown[]): void => {
    const message = args
      .map((arg) => (typeof arg === "object" ? JSON.stringify(arg) : String(arg)))
      .join(" ");
    events.push({ type: "console", level, eventAt: new Date().toISOString(), message });
    const wait = flushedAt + waits.flush - Date.now();
    if (wait <= 0) flush();
    else flushTimer ??= setTimeout(flush, wait);
  };
  const levels = ["log", "info", "warn", "error"] as const;
  const pageConsole = Object.fromEntries(
    levels.map((level) => [level, (...args: unknown[]) => record(level, args)]),
  ) as ExistingClient["console"];

  const page = createContext({
    console: pageConsole,
    setTimeout,
    clearTimeout,
    location: { href: url, reload: () => reload() },
    __import: async (specifier: string) => modules[specifier],
  });

  const evaluate = async (code: string): Promise<unknown> => {
    const ready = code.replaceAll("import(", "__import(");
    try {
      return await (runInContext(`(async () => (${ready}\n))()`, page) as Promise<unknown>);
    } catch {
      // Whatever it was: again, as statements.
      return runInContext(`(async () => {\n${ready}\n})()`, page) as Promise<unknown>;
    }
  };

  const work = async (current: AbortController): Promise<void> => {
    const answer = await fetch(channel, { headers, signal: current.signal });
    const code = await answer.text();
    if (code === "") {
      emptyPolls++;
      return void (await delay(waits.empty));
    }
    const jobId = answer.headers.get("x-job-id");
    executions.push({ id: jobId, code });
    const outcome = await evaluate(code).then(
      (value) => ({ ok: true, value }),
      (error: unknown) => ({ ok: false, error: (error as Error)?.stack ?? String(error) }),
    );
    if (current.signal.aborted) return;
    const backgroundEvents = events;
    events = [];
    await post({ ...outcome, backgroundEvents, jobId });
    await delay(waits.job);
  };

  const loop = async (current: AbortController): Promise<void> => {
    while (!current.signal.aborted) {
      try {
        await work(current);
      } catch (error) {
        if (current.signal.aborted) return;
        warnings.push(String(error));
        await delay(waits.fault);
      }
    }
  };

  const reload = (): void => {
    life.abort();
    life = new AbortController();
    void loop(life);
  };
  void loop(life);

  return {
    name,
    executions,
    answers,
    warnings,
    console: pageConsole,
    post,
    get emptyPolls() {
      return emptyPolls;
    },
    close() {
      clearTimeout(flushTimer);
      life.abort();
    },
  };
}
