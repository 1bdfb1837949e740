/** The REPL's HTTP API (REPL specification 15), on the command line's listener and on the gateway of an editor's server. */
import { createHash } from "node:crypto";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bareRealm, type BareRealm } from "../support/bare-realm.ts";
import { eventually } from "../support/eventually.ts";
import {
  bodyOf,
  createCommands,
  FOOTER,
  type Commands,
  type ReplProcess,
} from "../support/repl-process.ts";
import { removeTree, startServer, writeTree, type TestServer } from "../support/server.ts";

let commands: Commands;
let root: string;
let server: ReplProcess;

beforeAll(async () => {
  commands = await createCommands();
  root = await writeTree({
    "index.html": "<!doctype html>",
    "a.test.js": "",
    "b.test.js": "",
    "daebug/with-file.md": "# Known by its file\n",
  });
  server = await commands.repl(root);
});
afterAll(async () => {
  await commands?.end();
  if (root !== undefined) await removeTree(root);
});

interface Reply {
  readonly status: number;
  readonly body: any;
  readonly headers: Headers;
}

interface CallOptions {
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly origin?: string;
  readonly signal?: AbortSignal;
}

async function call(
  method: string,
  target: string,
  body?: unknown,
  options: CallOptions = {},
): Promise<Reply> {
  const { token = server.token, headers = {}, origin = server.origin, signal } = options;
  const answer = await fetch(origin + target, {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
  const text = await answer.text();
  const isJson = text !== "" && answer.headers.get("content-type")?.includes("json") === true;
  return { status: answer.status, body: isJson ? JSON.parse(text) : text, headers: answer.headers };
}

let names = 0;
const newName = (): string => `8-api-1300-${String(++names).padStart(2, "0")}`;
const fence = (code: string, info = "js"): string => `\`\`\`${info}\n${code}\n\`\`\`\n`;
const realm = (name: string): BareRealm => bareRealm(server.origin, name);
const etagOf = (text: string): string =>
  `"${createHash("sha256").update(text).digest("hex").slice(0, 16)}"`;

/** A realm that is known, with no open poll. */
async function known(name = newName()): Promise<string> {
  await call("GET", `/instances/${name}/jobs/poll?wait=0&url=http://localhost/`);
  return name;
}

const poll = (name: string, query = ""): Promise<Reply> =>
  call("GET", `/instances/${name}/jobs/poll?wait=5000${query}`);
const append = (name: string, chunk: string, more: object = {}): Promise<Reply> =>
  call("POST", `/instances/${name}/append`, { chunk, ...more });
const result = (name: string, id: string, more: object): Promise<Reply> =>
  call("POST", `/instances/${name}/jobs/${id}/result`, { status: "ok", ...more });

describe("15.1 health", () => {
  test.each(["/health", "/-daebug/health"])(
    "%s says without a token only what a successor must know",
    async (target) => {
      const { status, body } = await call("GET", target, undefined, { token: null });
      expect(status).toBe(200);
      expect(body).toEqual({
        status: "ok",
        name: "daebug",
        version: expect.stringMatching(/^\d+\.\d+\.\d+/),
        protocol: 1,
        root: path.basename(root),
      });
    },
  );

  test("with the token it says how much runs", async () => {
    const { body } = await call("GET", "/health");
    expect(body).toMatchObject({
      startedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      uptimeMs: expect.any(Number),
      instances: expect.any(Number),
      jobsActive: expect.any(Number),
    });
    expect(JSON.stringify(body)).not.toContain(root);
  });
});

describe("15.2 and 15.3 reading", () => {
  test("the registry is the file, with its tag", async () => {
    const text = await server.registry();
    const { status, body, headers } = await call("GET", "/daebug.md");
    expect([status, body, headers.get("etag")]).toEqual([200, text, etagOf(text)]);
    expect(headers.get("content-type")).toBe("text/markdown; charset=utf-8");
    const again = await call("GET", "/-daebug/daebug.md", undefined, {
      headers: { "if-none-match": headers.get("etag")! },
    });
    expect([again.status, again.body]).toEqual([304, ""]);
  });

  test("the list has every realm with kind, address, file, state and last contact", async () => {
    const name = await known();
    await call("POST", "/workers/register", { workerName: `${name}-webworker`, parentPage: name });
    const { body } = await call("GET", "/instances");
    const find = (one: string): unknown =>
      body.instances.find((entry: { name: string }) => entry.name === one);
    expect(find(name)).toEqual({
      name,
      url: "http://localhost/",
      file: `daebug/${name}.md`,
      fileExists: false,
      kind: "page",
      state: "live",
      lastSeen: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(find(`${name}-webworker`)).toMatchObject({ kind: "worker", parent: name });
    const { body: appended } = await append(name, fence("1"));
    const again = await call("GET", "/instances");
    expect(
      again.body.instances.find((entry: { name: string }) => entry.name === name),
    ).toMatchObject({
      state: "executing",
      fileExists: true,
      activeJobId: appended.jobIds[0],
    });
  });

  test("a log is Markdown, or JSON for who asks, with tag and state; without a file it is not found", async () => {
    const name = await known();
    expect((await call("GET", `/instances/${name}`)).status).toBe(404);
    await append(name, fence("1"));
    const text = await server.read(name);
    const { status, body, headers } = await call("GET", `/instances/${name}`);
    expect([status, body]).toEqual([200, text]);
    expect(headers.get("etag")).toBe(etagOf(text));
    expect(headers.get("x-daebug-state")).toBe("executing");
    const json = await call("GET", `/instances/${name}`, undefined, {
      headers: { accept: "application/json" },
    });
    expect(json.body).toEqual({
      name,
      file: `daebug/${name}.md`,
      content: text,
      etag: etagOf(text),
      state: "executing",
    });
    for (const accept of ["text/markdown", "application/json"]) {
      const same = await call("GET", `/instances/${name}`, undefined, {
        headers: { accept, "if-none-match": etagOf(text) },
      });
      expect([accept, same.status]).toEqual([accept, 304]);
    }
  });

  test("a name that changes under sanitising is known only as a realm gave it", async () => {
    const raw = `Raw Name ${newName()}`;
    await realm(raw).post({ type: "background-flush", events: [] });
    expect((await append(encodeURIComponent(raw), fence("1"))).status).toBe(202);
    expect((await append(encodeURIComponent(raw.replace("Raw", "RAW")), fence("1"))).status).toBe(
      404,
    );
  });
});

describe("15.4 append", () => {
  test("a chunk is accepted like an edit of the file, and the answer has its ids and the tag", async () => {
    const name = await known();
    const { status, body } = await append(name, `A note.\n\n${fence("1 + 1")}`, {
      agentName: "alice",
    });
    const text = await server.read(name);
    expect(status).toBe(202);
    expect(body).toEqual({
      accepted: true,
      jobIds: [expect.stringMatching(/^[\w-]{22}$/)],
      state: "requested",
      etag: etagOf(text),
    });
    expect(bodyOf(text, name)).toBe(`### 🗣️alice to ${name} at HH:MM:SS

A note.

${fence("1 + 1")}
#### 👍${name} to alice at HH:MM:SS
executing (<n>s)

${FOOTER}`);
  });

  test("a heading in the chunk wins over the agent of the call", async () => {
    const name = await known();
    await append(name, `### 🗣️bob to ${name} at 00:00:00\n${fence("1")}`, { agentName: "alice" });
    const text = await server.read(name);
    expect(text).toContain(`### 🗣️bob to ${name} at `);
    expect(text).not.toContain("alice");
  });

  test("while a job runs the chunk waits in the file", async () => {
    const name = await known();
    const first = await append(name, fence("first()"));
    const { status, body } = await append(name, fence("second()"));
    expect([status, body.accepted, body.state]).toEqual([202, true, "queued"]);
    const { body: job } = await poll(name);
    expect(job.jobId).toBe(first.body.jobIds[0]);
    await result(name, job.jobId, { value: 1 });
    const { body: next } = await poll(name);
    expect(next.code).toBe("second()");
    await result(name, next.jobId, { value: 2 });
  });

  test.each([
    ["no-complete-fence", "```js\nopen("],
    ["no-executable-fence", "```json\n{}\n```"],
    ["no-complete-fence", "only prose"],
    ["empty", " \n"],
    ["reply-in-fence", "```js\n#### 👍x to agent at 01:01:01 (3ms)\n```"],
  ])("a draft is not written: %s", async (reason, chunk) => {
    const name = await known();
    const { status, body } = await append(name, chunk);
    expect([status, body]).toEqual([200, { accepted: false, draft: true, reason }]);
    expect(await server.read(name)).toBe("");
  });

  test("a draft that is kept stands below the anchor, and runs when it is completed", async () => {
    const name = await known();
    const { body } = await append(name, "```js\nlater(", { keepDraft: true });
    expect(body).toEqual({ accepted: false, draft: true, reason: "no-complete-fence" });
    const text = await server.read(name);
    expect(text).toContain("> Append your JavaScript");
    expect(text.slice(text.indexOf("> Append"))).toContain("```js\nlater(\n");
    await appendFile(server.log(name), ")\n```\n");
    const { body: job } = await poll(name);
    expect(job.code).toBe("later(\n)");
    await result(name, job.jobId, { value: 1 });
  });

  test("waitMs answers with the results of all blocks", async () => {
    const name = await known();
    const waited = append(name, `${fence("1")}\n${fence("2")}`, { waitMs: 20_000 });
    for (const value of ["one", { two: 2 }]) {
      const { body: job } = await poll(name);
      await result(name, job.jobId, { value });
    }
    const { status, body } = await waited;
    expect(status).toBe(200);
    expect(body).toMatchObject({
      accepted: true,
      results: [
        { status: "finished", durationMs: expect.any(Number), value: "one" },
        { status: "finished", durationMs: expect.any(Number), value: { two: 2 } },
      ],
    });
    expect(body.results.map(({ jobId }: { jobId: string }) => jobId)).toEqual(body.jobIds);
  });

  test("waitMs ends with a failure, and with the short answer when the time is over", async () => {
    const name = await known();
    const waited = append(name, `${fence("1")}\n${fence("2")}`, { waitMs: 20_000 });
    const { body: job } = await poll(name);
    await result(name, job.jobId, {
      status: "error",
      error: { name: "TypeError", message: "bad" },
    });
    expect((await waited).body.results).toMatchObject([
      { status: "failed", error: expect.anything() },
    ]);
    expect(await server.read(name)).toContain("```Error\nTypeError: bad\n```");
    const short = await append(name, fence("3"), { waitMs: 50 });
    expect([short.status, short.body.state]).toEqual([202, "requested"]);
  });

  test("ifMatch refuses a copy that is not the newest, and names the newest", async () => {
    const name = await known();
    const { body } = await append(name, fence("1"));
    const { body: job } = await poll(name);
    await result(name, job.jobId, { value: 1 });
    const before = await server.read(name);
    const stale = await append(name, fence("2"), { ifMatch: body.etag });
    expect(stale.status).toBe(409);
    expect(stale.body).toMatchObject({ error: { code: "conflict" }, etag: etagOf(before) });
    expect(await server.read(name)).toBe(before);
    expect((await append(name, fence("2"), { ifMatch: etagOf(before) })).status).toBe(202);
  });

  test("a log that only its file makes known takes requests, which wait", async () => {
    const { status, body } = await append("with-file", fence("1"));
    expect([status, body.state]).toEqual([202, "requested"]);
    expect(await server.read("with-file")).toContain(
      "executing (0s) waiting for the realm to connect",
    );
  });

  test.each([
    ["nobody", { chunk: "x" }, 404, "not-found"],
    ["%2e%2e%2fetc", { chunk: "x" }, 400, "bad_request"],
    [null, {}, 400, "bad-request"],
    [null, { chunk: 7 }, 400, "bad-request"],
    [null, { chunk: "x", agentName: "two words" }, 400, "bad-request"],
    [null, { chunk: "x", agentName: "st*r" }, 400, "bad-request"],
    [null, { chunk: "x", agentName: "" }, 400, "bad-request"],
    [null, { chunk: "x", agentName: "a".repeat(61) }, 400, "bad-request"],
    [null, { chunk: "x", waitMs: 60_001 }, 400, "bad-request"],
    [null, { chunk: "x", waitMs: -1 }, 400, "bad-request"],
    [null, [], 400, "bad-request"],
    [null, "{", 400, "bad-request"],
    [null, '{"chunk":"x","__proto__":{}}', 400, "bad-request"],
    [null, { chunk: "x".repeat(256 * 1024 + 1) }, 413, "too-large"],
    [null, { chunk: "x".repeat(4 * 1024 * 1024) }, 413, "too-large"],
  ])("it refuses: %s %.60j", async (name, body, status, code) => {
    const target = name ?? (await known());
    const answer = await call("POST", `/instances/${target}/append`, body);
    expect([answer.status, answer.body.error?.code]).toEqual([status, code]);
    expect(answer.body.error.message.length).toBeLessThan(600);
    expect(await server.read(target)).toBe("");
  });
});

describe("15.5 to 15.7 jobs", () => {
  test("a poll registers the realm, hands the job out once, and its result is written", async () => {
    const name = newName();
    expect((await call("GET", `/instances/${name}/jobs/poll?wait=0&url=node://7`)).status).toBe(
      204,
    );
    const { body: appended } = await append(name, fence("const x: number = 1; x", "ts"), {
      agentName: "eve",
    });
    const { status, body } = await poll(name, "&workerId=w1");
    expect(status).toBe(200);
    expect(body).toEqual({
      jobId: appended.jobIds[0],
      instance: name,
      kind: "eval",
      agentName: "eve",
      language: "ts",
      code: expect.not.stringContaining("number"),
      requestedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      timeoutMs: 60_000,
    });
    // Its connection has ended; the job is not handed out again.
    expect((await call("GET", `/instances/${name}/jobs/poll?wait=300`)).status).toBe(204);
    const done = await result(name, body.jobId, { value: 1, durationMs: 3, workerId: "w1" });
    expect([done.status, done.body]).toEqual([
      200,
      { written: true, etag: etagOf(await server.read(name)) },
    ]);
    expect(await server.read(name)).toContain("```JSON\n1\n```");
  });

  test("a poll whose client went away leaves the job to the next", async () => {
    const name = await known();
    const stop = new AbortController();
    const gone = call("GET", `/instances/${name}/jobs/poll?wait=20000`, undefined, {
      signal: stop.signal,
    }).catch(() => "gone");
    await eventually("the poll to be seen", async () => {
      const { body } = await call("GET", "/instances");
      return body.instances.some((one: { name: string }) => one.name === name);
    });
    stop.abort();
    expect(await gone).toBe("gone");
    await append(name, fence("1"));
    const { body } = await poll(name);
    expect(body.code).toBe("1");
    await result(name, body.jobId, {});
    expect(await server.read(name)).toContain("```JSON\nundefined\n```");
  });

  test("acknowledging starts a job, or takes the oldest; repeating it changes nothing", async () => {
    const name = await known();
    const ack = (body: object): Promise<Reply> => call("POST", `/instances/${name}/jobs/ack`, body);
    expect((await ack({})).status).toBe(404);
    const { body: appended } = await append(name, fence("take()"));
    const [id] = appended.jobIds;
    expect((await ack({ jobId: id })).status).toBe(409);
    const taken = await ack({ workerId: "w1" });
    expect(taken.status).toBe(200);
    expect(taken.body).toEqual({
      jobId: id,
      state: "started",
      startedAt: expect.stringMatching(/Z$/),
      code: "take()",
    });
    const again = await ack({ jobId: id, workerId: "w1" });
    expect([again.status, again.body]).toEqual([
      200,
      { jobId: id, state: "started", startedAt: taken.body.startedAt },
    ]);
    expect((await ack({ jobId: id, workerId: "w2" })).body.error.code).toBe("conflict");
    expect((await result(name, id, { workerId: "w2" })).status).toBe(409);
    expect((await result(name, id, { workerId: "w1" })).status).toBe(200);
    expect((await ack({ jobId: id })).body.error.code).toBe("conflict");
    expect((await ack({ jobId: "unknown" })).body.error.code).toBe("not-found");
  });

  test("results: fences one after the other, events, an error in words", async () => {
    const name = await known();
    await append(name, `${fence("1")}\n${fence("2")}`);
    const first = (await poll(name)).body;
    await result(name, first.jobId, {
      results: [
        { info: "Text", text: "one" },
        { info: "JSON", text: "```" },
      ],
      backgroundEvents: [{ type: "console", level: "info", message: "said" }, 7, null],
    });
    const second = (await poll(name)).body;
    await result(name, second.jobId, { status: "error", error: "in words" });
    const text = await server.read(name);
    expect(text).toContain("```Text\none\n```\n````JSON\n```\n````\n##### ℹ️console.info\n");
    expect(text).toContain("```Error\nin words\n```");
  });

  test("ids: unknown 404, of another instance 404, over 409 and late", async () => {
    const [name, other] = [await known(), await known()];
    await append(name, fence("1"));
    const { body } = await poll(name);
    expect((await result(name, "21", {})).body.error.code).toBe("not-found");
    expect((await result(other, body.jobId, {})).body.error.code).toBe("not-found");
    await result(name, body.jobId, { value: 1 });
    const before = await server.read(name);
    const again = await result(name, body.jobId, { value: 2 });
    expect(again.status).toBe(409);
    expect(again.body).toMatchObject({ error: { code: "conflict" }, late: true, written: false });
    expect(await server.read(name)).toBe(before);
  });

  test("a late result of a job that timed out is written behind its reply", async () => {
    const name = await known();
    await append(name, fence("slow()"), { timeoutMs: 300 });
    const { body } = await poll(name);
    expect(body.timeoutMs).toBe(300);
    await server.logIs(name, (text) => text.includes("job timed out after 300ms"));
    const late = await result(name, body.jobId, { value: "at last" });
    expect([late.status, late.body.late, late.body.written]).toEqual([409, true, true]);
    expect(await server.read(name)).toMatch(/ late\n```JSON\nat last\n```/);
  });

  test.each([
    [{ status: "maybe" }],
    [{ status: "ok", results: [{ info: "a`b", text: "" }] }],
    [{ status: "ok", results: [{ info: "x\ny", text: "" }] }],
    [{}],
  ])("a result of another shape is refused: %j", async (body) => {
    const name = await known();
    await append(name, fence("1"));
    const { body: job } = await poll(name);
    const answer = await call("POST", `/instances/${name}/jobs/${job.jobId}/result`, body);
    expect([answer.status, answer.body.error.code]).toEqual([400, "bad-request"]);
    expect((await result(name, job.jobId, {})).status).toBe(200);
  });
});

describe("15.8 to 15.10 progress, background, workers", () => {
  test("progress brings events into the region", async () => {
    const name = await known();
    await append(name, fence("1"));
    const { body } = await poll(name);
    const answer = await call("POST", `/instances/${name}/jobs/${body.jobId}/progress`, {
      elapsedMs: 10,
      backgroundEvents: [{ type: "console", level: "log", message: "half way" }],
    });
    expect([answer.status, answer.body]).toEqual([200, { ok: true }]);
    await server.logIs(name, (text) => text.includes("half way"));
    await result(name, body.jobId, {});
    const over = await call("POST", `/instances/${name}/jobs/${body.jobId}/progress`, {
      backgroundEvents: [],
    });
    expect(over.body.error.code).toBe("conflict");
    const unknown = await call("POST", `/instances/${name}/jobs/21/progress`, {
      backgroundEvents: [],
    });
    expect(unknown.body.error.code).toBe("not-found");
  });

  test("background events get their section, with the time of the report", async () => {
    const name = await known();
    await append(name, fence("1"));
    await result(name, (await poll(name)).body.jobId, {});
    const reportedAt = new Date(2026, 2, 4, 9, 43, 11).toISOString();
    const { status, body } = await call("POST", `/instances/${name}/background`, {
      reportedAt,
      events: [
        { type: "console", level: "log", message: "alone" },
        { type: "console", message: "two" },
      ],
    });
    expect([status, body]).toEqual([202, { buffered: 2 }]);
    const text = await server.logIs(name, (one) => one.includes("alone"));
    expect(text).toContain(`### 🗣️${name} background at 09:43:11\n`);
    expect((await call("POST", "/instances/nobody-at-all/background", { events: [] })).status).toBe(
      404,
    );
  });

  test("workers register, beat, hang and restart; three restarts are worth a sentence", async () => {
    const name = `${newName()}-webworker`;
    const register = (): Promise<Reply> =>
      call("POST", "/workers/register", { workerName: name, parentPage: "p" });
    const beat = (body: object): Promise<Reply> => call("POST", `/workers/${name}/heartbeat`, body);
    expect((await beat({})).body.error.code).toBe("not-found");
    const { status, body } = await register();
    expect(status).toBe(200);
    expect(body).toEqual({
      name,
      pollUrl: `/instances/${name}/jobs/poll`,
      channelUrl: `/-daebug-channel?name=${name}&url=worker%3A%2F%2F${name}`,
      heartbeatIntervalMs: 10_000,
      heartbeatTimeoutMs: 20_000,
    });
    expect((await beat({ state: "ok", at: new Date().toISOString() })).body).toEqual({ ok: true });
    await append(name, fence("while (true) {}"));
    await poll(name);
    await beat({ state: "unresponsive", silentMs: 22_004 });
    const text = await server.read(name);
    expect(text).toContain("```Text\nWorker unresponsive for 22004ms, restarting...\n```");
    expect(text).toContain("```Error\nworker unresponsive for 22004ms, restarted\n```");
    await register();
    await register();
    await server.logIs(name, (one) => one.includes("restarted 3 times within 60 s"));
    await beat({ state: "gone" });
    const { body: list } = await call("GET", "/instances");
    expect(list.instances.find((one: { name: string }) => one.name === name).state).toBe("offline");
    expect((await beat({ state: "dancing" })).status).toBe(400);
    expect((await call("POST", "/workers/register", { workerName: "" })).status).toBe(400);
  });

  test("a job of a worker that registers again is over", async () => {
    const name = newName();
    await call("POST", "/workers/register", { workerName: name });
    await append(name, fence("1"));
    const { body } = await poll(name);
    await call("POST", "/workers/register", { workerName: name });
    expect(await server.read(name)).toMatch(/🚫.*\n```Error\n/);
    expect((await result(name, body.jobId, {})).status).toBe(409);
  });

  test.concurrent("a worker that is silent becomes offline, with one diagnostic", async () => {
    const name = newName();
    await call("POST", "/workers/register", { workerName: name });
    const text = await server.logIs(name, (one) => one.includes("unresponsive"), 25_000);
    expect(text).toContain("```Text\nWorker unresponsive for 20000ms\n```");
    const { body } = await call("GET", "/instances");
    expect(body.instances.find((one: { name: string }) => one.name === name).state).toBe("offline");
  });

  test.concurrent("a poll waits as long as it asks, at most 30 s", async () => {
    const name = newName();
    const began = Date.now();
    const { status } = await call("GET", `/instances/${name}/jobs/poll?wait=99999`);
    expect(status).toBe(204);
    expect(Date.now() - began).toBeGreaterThan(29_000);
    expect(Date.now() - began).toBeLessThan(33_000);
  });
});

describe("15.11 tests", () => {
  const results = {
    passed: 1,
    failed: 0,
    skipped: 1,
    total: 2,
    duration: 12,
    tests: [
      {
        name: "adds",
        suite: "suite A",
        passed: true,
        error: null,
        duration: 1,
        completedAt: "2026-03-04T09:35:33.120Z",
      },
      {
        name: "later",
        suite: null,
        skipped: true,
        duration: 0,
        completedAt: "2026-03-04T09:35:33.120Z",
      },
    ],
  };

  test("a run is a request like any other; its files, its job and its results can be asked for", async () => {
    const name = await known();
    const { status, body } = await call("POST", "/tests/run", { instance: name, timeoutMs: 5000 });
    expect(status).toBe(202);
    expect(body).toEqual({
      runId: expect.any(String),
      jobId: expect.any(String),
      instance: name,
      files: ["/a.test.js", "/b.test.js"],
    });
    expect((await call("GET", `/tests/${body.runId}`)).body).toMatchObject({
      runId: body.runId,
      state: "running",
    });
    const { body: job } = await poll(name);
    expect(job).toMatchObject({
      jobId: body.jobId,
      kind: "test",
      agentName: "test-runner",
      timeoutMs: 10_000,
      test: { runId: body.runId, files: body.files, timeoutMs: 5000 },
      code: `await (await import('node:test')).run({ files: ["/a.test.js", "/b.test.js"], timeout: 5000 })`,
    });
    await result(name, job.jobId, { value: results });
    const { body: end } = await call("GET", `/tests/${body.runId}`);
    expect(end.results).toMatchObject({ passed: 1, failed: 0, skipped: 1, total: 2, duration: 12 });
    expect(end.results.tests).toMatchObject([
      { name: "adds", passed: true },
      { name: "later", skipped: true },
    ]);
  });

  test("waitMs answers with the results; the existing client runs it unchanged", async () => {
    const name = newName();
    const zen = realm(name);
    const polled = zen.job();
    await eventually("the realm", async () => {
      const { body } = await call("GET", "/instances");
      return body.instances.some((one: { name: string }) => one.name === name);
    });
    const waited = call("POST", "/tests/run", {
      page: name.toUpperCase().slice(2),
      files: "a.test.js",
      waitMs: 20_000,
      metadata: { agentName: "ci" },
    });
    const { id, code } = await polled;
    expect(code).toContain(`run({ files: ["/a.test.js"], timeout: 120000 })`);
    await zen.post({ ok: true, value: results, backgroundEvents: [], jobId: id });
    const { status, body } = await waited;
    expect(status).toBe(200);
    expect(body).toMatchObject({ instance: name, results: { passed: 1 } });
    expect(await server.read(name)).toContain(`### 🗣️ci to ${name} at `);
  });

  test("testResults of a result are the run's results", async () => {
    const name = await known();
    const { body } = await call("POST", "/tests/run", { instance: name, files: ["a.test.js"] });
    const { body: job } = await poll(name);
    await result(name, job.jobId, { testResults: results });
    expect((await call("GET", `/tests/${body.runId}`)).body.results).toMatchObject({
      passed: 1,
      total: 2,
    });
  });

  test("nobody to run them, no file, no such run", async () => {
    const name = await known();
    const nobody = await call("POST", "/tests/run", { instance: "no-such-realm" });
    expect(nobody.body.error.code).toBe("not-found");
    expect(nobody.body.error.message).toContain(name);
    const noPage = await call("POST", "/tests/run", { page: "no-such-part" });
    expect(noPage.body.error.message).toContain(name);
    expect((await call("POST", "/tests/run", { instance: name, files: "*.nothing" })).status).toBe(
      404,
    );
    expect((await call("POST", "/tests/run", { instance: name, timeoutMs: 120_001 })).status).toBe(
      400,
    );
    expect((await call("GET", "/tests/unheard")).body.error.code).toBe("not-found");
  });

  test.each([
    "http://example.com/x.js",
    "file:///etc/passwd",
    "data:text/javascript,1",
    "../a.test.js",
    "node:fs",
  ])("files are found below the root only: %s (N-19)", async (files) => {
    const name = await known();
    expect((await call("POST", "/tests/run", { instance: name, files })).status).toBe(404);
  });
});

describe("15.12 and what is not there", () => {
  test("jobs in progress are listed", async () => {
    const name = await known();
    const { body } = await append(name, fence("1"));
    const { body: list } = await call("GET", "/-daebug/jobs");
    expect(list.jobs).toContainEqual({
      jobId: body.jobIds[0],
      instance: name,
      agentName: "agent",
      state: "requested",
      requestedAt: expect.stringMatching(/Z$/),
    });
  });

  test.each([
    ["GET", "/instances/x/append", 405],
    ["GET", "/workers/register", 405],
    ["GET", "/tests/run", 405],
    ["DELETE", "/instances/x", 405],
    ["PUT", "/instances/x/append", 405],
    ["POST", "/instances", 405],
    ["POST", "/daebug.md", 405],
    ["GET", "/instances/x/y/z", 404],
  ])("%s %s is %i", async (method, target, status) => {
    const answer = await call(
      method,
      target,
      method === "GET" || method === "DELETE" ? undefined : {},
    );
    expect([answer.status, typeof answer.body.error.message]).toEqual([status, "string"]);
  });
});

describe("N-04: what each credential opens", () => {
  const name = "8-api-1300-99";
  /** The page's credential opens what a realm does for itself (15.5 to 15.10), the control token everything. */
  const table: readonly [
    method: string,
    target: string,
    body: object | undefined,
    none: number,
    page: number,
    control: number,
  ][] = [
    ["GET", "/health", undefined, 200, 200, 200],
    ["GET", "/daebug.md", undefined, 401, 401, 200],
    ["GET", "/instances", undefined, 401, 401, 200],
    ["GET", `/instances/${name}`, undefined, 401, 403, 404],
    ["POST", `/instances/${name}/append`, { chunk: " " }, 401, 403, 200],
    ["GET", `/instances/${name}/jobs/poll?wait=0`, undefined, 401, 204, 204],
    ["POST", `/instances/${name}/jobs/ack`, {}, 401, 404, 404],
    ["POST", `/instances/${name}/jobs/x/result`, { status: "ok" }, 401, 404, 404],
    ["POST", `/instances/${name}/jobs/x/progress`, {}, 401, 404, 404],
    ["POST", `/instances/${name}/background`, { events: [] }, 401, 202, 202],
    ["POST", "/workers/register", { workerName: "8-api-worker" }, 401, 200, 200],
    ["POST", "/workers/8-api-worker/heartbeat", {}, 401, 200, 200],
    ["POST", "/tests/run", { instance: "nobody" }, 401, 401, 404],
    ["GET", "/tests/x", undefined, 401, 401, 404],
    ["GET", "/-daebug/jobs", undefined, 401, 401, 200],
  ];

  async function pageCredential(): Promise<string> {
    const { body } = await call(
      "POST",
      "/-vitrine/credential",
      {},
      {
        token: null,
        headers: { origin: server.origin },
      },
    );
    return body.credential;
  }

  beforeAll(() => known(name));

  test.each(table)(
    "%s %s %j: none %i, page %i, control %i",
    async (method, target, body, none, page, control) => {
      for (const place of target.startsWith("/-daebug") ? [""] : ["", "/-daebug"]) {
        const status = async (token: string | null): Promise<number> =>
          (await call(method, place + target, body, { token })).status;
        expect(await status(null)).toBe(none);
        expect(await status("not-the-token")).toBe(none);
        expect(await status(await pageCredential())).toBe(page);
        expect(await status(server.token)).toBe(control);
      }
    },
  );

  test.each([
    ["a cookie", { cookie: "token=TOKEN" }],
    ["another header", { "x-token": "TOKEN" }],
    ["a prefix", { authorization: "Bearer PREFIX" }],
    ["one more character", { authorization: "Bearer TOKENx" }],
    ["no scheme", { authorization: "TOKEN" }],
    ["a query", {}],
  ])("the control token counts only as Bearer: %s (N-03)", async (_what, headers) => {
    const filled = Object.fromEntries(
      Object.entries(headers).map(([key, value]) => [
        key,
        value.replace("TOKEN", server.token).replace("PREFIX", server.token.slice(0, 20)),
      ]),
    );
    const answer = await call("GET", `/instances?token=${server.token}`, undefined, {
      token: null,
      headers: filled,
    });
    expect(answer.status).toBe(401);
    expect(JSON.stringify(answer.body)).not.toContain(server.token);
  });
});

describe("on the gateway of an editor's server", () => {
  let editor: TestServer;
  let folder: string;

  beforeAll(async () => {
    folder = await writeTree({ "index.html": "<!doctype html>", "a.test.js": "" }, "edited");
    editor = await startServer({ folders: [folder] });
  });
  afterAll(async () => {
    await editor?.stop();
    if (folder !== undefined) await removeTree(folder);
  });
  const ask = (
    method: string,
    target: string,
    body?: unknown,
    token?: string | null,
  ): Promise<Reply> =>
    call(method, target, body, {
      origin: editor.welcome.gateway,
      token: token === undefined ? editor.welcome.token : token,
    });

  test("no REPL, no API; with one it is the same, for who has the token", async () => {
    expect((await ask("GET", "/-daebug/instances")).body.error.code).toBe("not-found");
    await editor.methods.startRepl(folder);
    expect((await ask("GET", "/-daebug/instances")).body).toEqual({ instances: [] });
    expect((await ask("GET", "/-daebug/instances", undefined, null)).status).toBe(401);
    expect((await ask("GET", "/-daebug-channel?name=x", undefined, null)).status).toBe(404);
    const target = "/-daebug/instances/9-ed-1400-01";
    expect((await ask("GET", `${target}/jobs/poll?wait=0`)).status).toBe(204);
    // The editor's realms have their logs from the beginning.
    const file = path.join(folder, "daebug", "9-ed-1400-01.md");
    await eventually("the log", () => readFile(file, "utf8").catch(() => undefined));
    const waited = ask("POST", `${target}/append`, { chunk: fence("6 * 7"), waitMs: 20_000 });
    const { body: job } = await ask("GET", `${target}/jobs/poll?wait=5000`);
    expect(job.code).toBe("6 * 7");
    expect(
      (await ask("POST", `${target}/jobs/${job.jobId}/result`, { status: "ok", value: 42 })).status,
    ).toBe(200);
    expect((await waited).body.results).toMatchObject([{ status: "finished", value: 42 }]);
    expect(await readFile(file, "utf8")).toContain("```JSON\n42\n```");
    const byRoot = await ask("GET", `/-daebug/instances?root=${encodeURIComponent(folder)}`);
    expect(byRoot.body.instances).toHaveLength(1);
    expect((await ask("GET", "/-daebug/instances?root=/elsewhere")).status).toBe(404);
  });

  test("the shutdown marker ends the REPL, not the editor's server", async () => {
    await editor.methods.startRepl(folder);
    const registry = path.join(folder, "daebug.md");
    await writeFile(registry, `${await readFile(registry, "utf8")}\n%%SHUTDOWN%%\n`);
    await eventually("the registry's farewell", async () =>
      (await readFile(registry, "utf8")).includes("SERVER SHUT DOWN"),
    );
    await eventually(
      "no REPL",
      async () => (await ask("GET", "/-daebug/instances")).status === 404,
    );
    expect(await editor.methods.ping()).toBeUndefined();
    expect((await editor.methods.startRepl(folder)).state.name).toBe("on");
  });
});
