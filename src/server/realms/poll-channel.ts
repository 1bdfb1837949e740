/**
 * The HTTP channel of the existing realm client (REPL specification 14): a long poll for jobs, posts for everything else.
 * Every answer to the poll that is not a job has an empty body, because the client would run it.
 */
import { randomInt } from "node:crypto";
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Instance } from "../repl/logs/instance.ts";
import type { LogJob } from "../repl/logs/log-job.ts";
import type { Contact } from "../repl/logs/instances.ts";
import type { Repl } from "../repl/logs/repl.ts";
import { plainCode } from "../repl/logs/strip-types.ts";
import { toPollMessage, toTestProgress } from "./poll-messages.ts";

/** Ms. A poll is answered empty after a random time between the two (section 14). */
const pollMs = { least: 10_000, most: 15_000 } as const;
/** Ms a result waits for a flush that is on its way over another connection (section 6). */
const holdMs = 50;
/** Ms in which a realm that asks for new work may still deliver the result of the old (section 7). */
const lostMs = 300;
/** Ms in which two tabs of one name count as two (13.6). */
const duplicateMs = 20_000;
/** Per instance (18.6). */
const limits = { polls: 8, messagesPerSecond: 100 } as const;
const lost =
  "the realm asked for new work without returning a result (page reloaded, or the result could not be sent)";

/** Who polls. */
export interface Poller {
  readonly name: string;
  readonly url: string;
  /** Random id of our own client's tab. */
  readonly tab?: string;
  /** A page of another origin (section 20). */
  readonly isRemote?: boolean;
}

/** Somebody who waits for a job. */
export interface Waiter {
  /** Hands the job over. @param failed to be called when it did not reach the realm */
  give(job: LogJob, code: string, failed: () => void): void;
  /** There is no job. */
  empty(): void;
  /** Who takes it, where several may. */
  readonly worker?: string;
  /** It compiles TypeScript itself. */
  readonly takesTypes?: boolean;
}

interface Poll {
  readonly waiter: Waiter;
  readonly timer: NodeJS.Timeout;
}

/** What the channel remembers of one instance. */
interface Line {
  /** Open polls, the one that has waited longest first. */
  polls: Poll[];
  /** The job that a poll took, and whether it was the only one then. */
  given?: { readonly job: LogJob; readonly alone: boolean };
  /** Its result has arrived and is being written. */
  answered?: LogJob | undefined;
  tab?: { readonly id: string; readonly at: number };
  second: number;
  messages: number;
}

export interface PostAnswer {
  readonly status: number;
  readonly body: string;
}

export class PollChannel {
  readonly #repl: Repl;
  readonly #lines = new Map<string, Line>();

  constructor(repl: Repl) {
    this.#repl = repl;
  }

  /** Answers a poll, now or when a job comes. */
  poll(poller: Poller, response: ServerResponse): void {
    const { name, url, tab } = poller;
    const instance = this.#repl.contact(name, { url, ...kindOf(poller) });
    const line = this.#line(instance);
    if (tab !== undefined && this.#isSecondTab(line, tab))
      return end(response, { "x-daebug-rename": `${instance.key}-2` });
    void this.#checkLost(instance, line);
    const poll = this.wait(instance, toWaiter(response), randomInt(pollMs.least, pollMs.most));
    response.once("close", poll);
  }

  /** Waits for a job of an instance, at most that many ms. @returns gives the waiting up */
  wait(instance: Instance, waiter: Waiter, ms: number): () => void {
    const line = this.#line(instance);
    if (line.polls.length >= limits.polls) {
      waiter.empty();
      return () => {};
    }
    const timer = setTimeout(() => this.#answerEmpty(line, poll), ms);
    const poll: Poll = { waiter, timer };
    line.polls.push(poll);
    this.offer(instance);
    return () => this.#drop(line, poll);
  }

  /** Gives the waiting job of an instance to the poll that has waited longest. */
  offer(instance: Instance): void {
    const line = this.#line(instance);
    const [poll] = line.polls;
    if (poll === undefined) return;
    const job = instance.take(poll.waiter.worker);
    if (job === undefined) return;
    const isChannel = poll.waiter.worker === undefined;
    line.given = { job, alone: isChannel && line.polls.length === 1 };
    this.#drop(line, poll);
    void give(poll.waiter, instance, job);
  }

  /** Takes what a realm posts. @param body parsed JSON */
  async post(poller: Poller, body: unknown): Promise<PostAnswer> {
    const { name, url } = poller;
    const instance = this.#repl.contact(name, { url, ...kindOf(poller) });
    const line = this.#line(instance);
    if (this.#isFlood(line)) return { status: 429, body: "too many messages" };
    const message = toPollMessage(body);
    if (message?.type === "result") {
      const { job } = instance;
      if (message.jobId === null || message.jobId === job?.id) line.answered = job;
      const at = Date.now();
      void sleep(holdMs).then(() => instance.result(message.jobId, message.result, at));
    }
    if (message?.type === "flush") await instance.flush(message.events, message.reportedAt);
    if (message?.type === "progress" && message.jobId === instance.job?.id)
      instance.progress(message.events);
    if (message?.type === "worker-init" && message.mainPage !== "")
      this.#repl.contact(name, { url, kind: "worker", parent: message.mainPage });
    if (message?.type === "worker-timeout")
      await this.#repl.workers.unresponsive(instance, message.ms, true);
    return { status: 200, body: "ok" };
  }

  /** Takes the progress of a test run (12.4). */
  async progress(body: unknown): Promise<PostAnswer> {
    const progress = toTestProgress(body);
    if (progress === undefined) return { status: 500, body: "error" };
    const instance = this.#repl.find(progress.realmName);
    if (instance === undefined) return { status: 404, body: "realm not found" };
    await this.#repl.tested(instance, progress);
    return { status: 200, body: "ok" };
  }

  /** The server ends: whoever waits is answered with nothing. */
  close(): void {
    for (const line of this.#lines.values())
      for (const poll of line.polls) this.#answerEmpty(line, poll);
  }

  #line(instance: Instance): Line {
    const known = this.#lines.get(instance.key);
    if (known !== undefined) return known;
    const line: Line = { polls: [], second: 0, messages: 0 };
    this.#lines.set(instance.key, line);
    return line;
  }

  #drop(line: Line, poll: Poll): void {
    clearTimeout(poll.timer);
    line.polls = line.polls.filter((one) => one !== poll);
  }

  #answerEmpty(line: Line, poll: Poll): void {
    this.#drop(line, poll);
    poll.waiter.empty();
  }

  /** The existing client always posts before it polls again: a job that was alone in its hands is gone (section 7). */
  async #checkLost(instance: Instance, line: Line): Promise<void> {
    const given = line.given ?? (await givenBefore(instance, line));
    if (given?.alone !== true || instance.job !== given.job || line.answered === given.job) return;
    await sleep(lostMs);
    if (instance.job === given.job && line.answered !== given.job)
      await instance.fail("lost", lost);
  }

  #isSecondTab(line: Line, tab: string): boolean {
    const now = Date.now();
    const isOther =
      line.tab !== undefined && line.tab.id !== tab && now - line.tab.at < duplicateMs;
    if (!isOther) line.tab = { id: tab, at: now };
    return isOther;
  }

  #isFlood(line: Line): boolean {
    const second = Math.floor(Date.now() / 1000);
    if (line.second !== second) [line.second, line.messages] = [second, 0];
    return ++line.messages > limits.messagesPerSecond;
  }
}

/** A job that an earlier process of this server handed over the channel. */
async function givenBefore(instance: Instance, line: Line): Promise<Line["given"]> {
  // The first poll after a restart comes before the log was read, and what is handed over to it then is new.
  await instance.opened;
  const { job, connections } = instance;
  if (line.given !== undefined) return undefined;
  const isOurs = job?.dispatchedAt !== undefined && job.worker === undefined && connections === 0;
  return isOurs ? { job, alone: true } : undefined;
}

/** What a realm that asks for its jobs says of itself: workers and Node processes in their address. */
export function kindOf({ name, url, isRemote }: Poller): Pick<Contact, "kind" | "parent"> {
  if (isRemote === true) return { kind: "remote" };
  if (url.startsWith("node://")) return { kind: "node" };
  if (!url.startsWith("worker://")) return {};
  const parent = /^(.*)-webworker$/.exec(name)?.[1];
  return { kind: "worker", ...(parent === undefined ? {} : { parent }) };
}

async function give(waiter: Waiter, instance: Instance, job: LogJob): Promise<void> {
  let code: string;
  try {
    code = waiter.takesTypes === true ? job.code : await plainCode(job);
  } catch (error) {
    waiter.empty();
    return instance.fail("failed", `SyntaxError: ${(error as Error).message}`);
  }
  waiter.give(job, code, () => instance.release(job));
}

function toWaiter(response: ServerResponse): Waiter {
  return {
    empty: () => end(response),
    give(job, code, failed) {
      let written = false;
      response.once("finish", () => (written = true));
      response.once("close", () => void (written || failed()));
      if (response.closed) return failed();
      response.writeHead(200, { ...headers, "x-job-id": job.id }).end(code);
    },
  };
}

function end(response: ServerResponse, more: Readonly<Record<string, string>> = {}): void {
  if (!response.headersSent) response.writeHead(200, { ...headers, ...more });
  response.end();
}

const headers = {
  "content-type": "application/javascript; charset=utf-8",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "same-origin",
};
