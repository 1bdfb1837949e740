/** The HTTP API of one REPL (REPL specification 15): which path means what. Who may call is the gate's business. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { PollChannel } from "../../realms/poll-channel.ts";
import { REGISTRY_NAME } from "../logs/registry.ts";
import type { Instance } from "../logs/instance.ts";
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

  constructor(repl: Repl, channel: PollChannel) {
    this.#repl = repl;
    this.#channel = channel;
    this.#workers = new RegisteredWorkers(repl);
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
    if (method === "GET" && action === undefined) return this.#log(request, name);
    if (method === "GET" && action === "jobs" && second === "poll") {
      const url = query.get("url");
      const instance = this.#repl.contact(name, url === null ? {} : { url });
      return poll(instance, this.#channel, request);
    }
    if (method !== "POST") return refused("not-found", "There is no such method of an instance");
    const body = await request.body();
    if (action === "append") return append(await this.#appendable(name), body);
    const instance = this.#known(name);
    if (action === "background") return background(instance, body);
    if (action === "jobs" && second === "ack") return acknowledge(instance, body);
    if (action === "jobs" && third === "result") return answer(instance, second ?? "", body);
    if (action === "jobs" && third === "progress") return progress(instance, second ?? "", body);
    return refused("not-found", `There is no ${action?.slice(0, 100)} of an instance`);
  }

  async #registry({ headers }: ApiRequest): Promise<ApiAnswer> {
    const text = await readFile(path.join(this.#repl.root, REGISTRY_NAME), "utf8").catch(() => "");
    return markdown(text, headers);
  }

  async #log({ headers }: ApiRequest, name: string): Promise<ApiAnswer> {
    const instance = this.#known(name);
    const { key, log, state } = instance;
    const content = await readFile(log.file, "utf8").catch(() => undefined);
    if (content === undefined) return refused("not-found", `${key} has no log yet`);
    if (headers["accept"]?.includes("application/json") !== true)
      return markdown(content, headers, { "x-daebug-state": state });
    const file = path.relative(this.#repl.root, log.file).split(path.sep).join("/");
    return { status: 200, body: { name: key, file, content, etag: etagOf(content), state } };
  }

  /** A log may be appended to when its realm or its file is known. */
  async #appendable(name: string): Promise<Instance> {
    const known = this.#repl.findExact(name);
    if (known !== undefined) return known;
    if (!(await this.#repl.hasFile(name))) return this.#known(name);
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
