/** The HTTP API of one REPL (REPL specification 15): which path means what. Who may call is the gate's business. */
import path from "node:path";
import { createPathGate, type PathGate } from "../../files/path-gate.ts";
import { UserError } from "../../../protocol/errors.ts";
import { kindOf, type PollChannel } from "../../realms/poll-channel.ts";
import { REGISTRY_NAME } from "../logs/registry.ts";
import type { Instance } from "../logs/instance.ts";
import { instanceKey } from "../logs/instance-key.ts";
import type { Repl } from "../logs/repl.ts";
import { ApiError, answerTo, etagOf, refused, type ApiAnswer, type ApiRequest } from "./answers.ts";
import { append } from "./append.ts";
import { acknowledge, answer, background, poll, progress } from "./jobs.ts";
import { readTests, runTests } from "./tests.ts";
import { RegisteredWorkers } from "./workers.ts";

export class ReplApi {
  readonly #repl: Repl;
  readonly #channel: PollChannel;
  readonly #workers: RegisteredWorkers;
  /** Files are read through it: a link may lead out of the root. */
  readonly #files: PathGate;

  constructor(repl: Repl, channel: PollChannel) {
    this.#repl = repl;
    this.#channel = channel;
    this.#workers = new RegisteredWorkers(repl);
    this.#files = createPathGate({ roots: [repl.root] });
  }

  /** Never rejects: what goes wrong is an answer. */
  async answer(request: ApiRequest): Promise<ApiAnswer> {
    try {
      return await this.#route(request);
    } catch (error) {
      return answerTo(error);
    }
  }

  close(): void {
    this.#workers.close();
  }

  async #route(request: ApiRequest): Promise<ApiAnswer> {
    const { method, path: local } = request;
    const [area, name, third, fourth, fifth] = local.split("/").slice(1);
    if (method === "GET" && local === `/${REGISTRY_NAME}`) return this.#registry(request);
    if (area === "instances" && name === undefined && method === "GET")
      return { status: 200, body: { instances: this.#repl.instances().map(toBody) } };
    if (area === "instances" && name !== undefined)
      return this.#instance(request, name, [third, fourth, fifth]);
    if (area === "workers" && method === "POST")
      return name === "register" && third === undefined
        ? this.#workers.register(await request.body())
        : this.#workers.heartbeat(name ?? "", await request.body());
    if (area === "tests" && name === "run" && method === "POST")
      return runTests(this.#repl, await request.body());
    if (area === "tests" && name !== undefined && method === "GET")
      return readTests(this.#repl, name);
    if (area === "jobs" && method === "GET") return { status: 200, body: { jobs: this.#jobs() } };
    return refused("not-found", `There is no ${method} ${local.slice(0, 200)}`);
  }

  async #instance(
    request: ApiRequest,
    name: string,
    [action, second, third]: readonly (string | undefined)[],
  ): Promise<ApiAnswer> {
    const { method, query } = request;
    const isOfJob = action === "jobs" && isGiven(third);
    const what = isOfJob ? third : [action, second, third].filter(isGiven).join("/");
    const isKnown = Object.hasOwn(methods, what) && (isOfJob || !ofJobs.has(what));
    if (!isKnown) return refused("not-found", `There is no ${what.slice(0, 100)} of an instance`);
    const expected = methods[what as keyof typeof methods];
    if (method !== expected) return onlyBy(expected);
    if (what === "") return this.#log(request, name);
    if (what === "jobs/poll") {
      const url = query.get("url");
      const facts = url === null ? {} : { url, ...kindOf({ name, url }) };
      const instance = this.#repl.contact(name, facts);
      return poll(instance, this.#channel, request);
    }
    const body = await request.body();
    if (what === "append") return append(await this.#appendable(name), body);
    const instance = this.#known(name);
    if (what === "background") return background(instance, body);
    if (what === "jobs/ack") return acknowledge(instance, body);
    const act = what === "result" ? answer : progress;
    return act(instance, second ?? "", body);
  }

  async #registry({ headers }: ApiRequest): Promise<ApiAnswer> {
    return markdown((await this.#read(REGISTRY_NAME)) ?? "", headers);
  }

  /** @param name below the root @returns undefined where no such file is, or may be read */
  async #read(name: string): Promise<string | undefined> {
    try {
      const { handle } = await this.#files.open(name);
      return await handle.readFile("utf8").finally(() => handle.close());
    } catch (error) {
      if (error instanceof UserError && error.code !== "internal") return undefined;
      throw error;
    }
  }

  async #log({ headers }: ApiRequest, name: string): Promise<ApiAnswer> {
    const instance = this.#known(name);
    const { key, log, state } = instance;
    const file = path.relative(this.#repl.root, log.file).split(path.sep).join("/");
    const content = await this.#read(file);
    if (content === undefined) return refused("not-found", `${key} has no log yet`);
    const text = markdown(content, headers, { "x-daebug-state": state });
    const isText = headers["accept"]?.includes("application/json") !== true;
    if (isText || text.status === 304) return text;
    const etag = etagOf(content);
    return { status: 200, headers: { etag }, body: { name: key, file, content, etag, state } };
  }

  /** A log may be appended to when its realm or its file is known. */
  async #appendable(name: string): Promise<Instance> {
    const known = this.#repl.findExact(name);
    if (known !== undefined) return known;
    const isKey = instanceKey(name) === name;
    if (!isKey || !(await this.#repl.hasFile(name))) return this.#known(name);
    return this.#repl.expect(name);
  }

  #known(name: string): Instance {
    const instance = this.#repl.findExact(name);
    if (instance !== undefined) return instance;
    const live = this.#repl.instances().map(({ key }) => key);
    const names = live.join(", ") || "none";
    throw new ApiError(
      refused("not-found", `There is no realm ${name.slice(0, 100)}. Known now: ${names}`),
    );
  }

  #jobs(): object[] {
    return this.#repl.instances().flatMap(({ job }) => {
      if (job === undefined) return [];
      const { id, instance, agent, state, requestedAt } = job;
      return [
        {
          jobId: id,
          instance,
          agentName: agent,
          state,
          requestedAt: new Date(requestedAt).toISOString(),
        },
      ];
    });
  }
}

/** What an instance's address may end in, and the method it takes. The last two stand behind the id of a job. */
const methods = {
  "": "GET",
  append: "POST",
  background: "POST",
  "jobs/poll": "GET",
  "jobs/ack": "POST",
  result: "POST",
  progress: "POST",
} as const;

const ofJobs: ReadonlySet<string> = new Set(["result", "progress"]);

function isGiven(part: string | undefined): part is string {
  return part !== undefined;
}

function onlyBy(method: string): ApiAnswer {
  const { body } = refused("unsupported", `This takes only ${method}`);
  return { status: 405, headers: { allow: method }, body };
}

function markdown(
  text: string,
  headers: ApiRequest["headers"],
  more: Readonly<Record<string, string>> = {},
): ApiAnswer {
  const etag = etagOf(text);
  const all = { etag, ...more };
  if (headers["if-none-match"] === etag) return { status: 304, headers: all };
  return {
    status: 200,
    headers: { ...all, "content-type": "text/markdown; charset=utf-8" },
    body: text,
  };
}

function toBody({ key, url, log, kind, parent, state, lastSeen, job }: Instance): object {
  return {
    name: key,
    url,
    file: `daebug/${path.basename(log.file)}`,
    fileExists: log.exists,
    kind,
    ...(parent === undefined ? {} : { parent }),
    state,
    lastSeen: new Date(lastSeen).toISOString(),
    ...(job === undefined ? {} : { activeJobId: job.id }),
  };
}
