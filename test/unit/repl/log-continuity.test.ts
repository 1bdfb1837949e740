/** When appended text runs (decision 26), and what a server that goes on knows of the one before it. */
import { expect, test } from "vitest";
import {
  directory,
  logWorld,
  startLogs,
  type LogServer,
  type LogWorld,
} from "../../support/log-server.ts";

const file = `${directory}/p.md`;
const footer =
  "----------------------------------------------------------------------\n> Append your JavaScript snippet below to execute against this page.\n\n\n";
const block = (code: string): string => `\n\`\`\`js\n${code}\n\`\`\`\n`;

interface Bench {
  readonly world: LogWorld;
  readonly ran: string[];
  text(): string;
  append(text: string): void;
  start(continues?: "soon" | "supervised" | "never"): Promise<LogServer>;
  /** Looks, runs and answers until nothing is left. */
  work(server: LogServer): Promise<void>;
}

function bench(text?: string): Bench {
  const world = logWorld();
  const { memory, clock } = world;
  if (text !== undefined) memory.replace(file, text);
  const ran: string[] = [];
  return {
    world,
    ran,
    text: () => memory.text(file) ?? "",
    append(more) {
      if (memory.text(file) === undefined) memory.replace(file, more);
      else memory.open(file).append(more);
    },
    async start(continues = "soon") {
      const server = await startLogs(world, continues);
      server.realm("p");
      await clock.settle();
      return server;
    },
    async work(server) {
      const realm = server.realm("p");
      for (let round = 0; round < 10; round++) {
        void realm.look();
        await clock.advance(500);
        const job = realm.take();
        if (job === undefined) continue;
        ran.push(job.code);
        void realm.result(job.id, { ok: true, value: job.code });
        await clock.advance(100);
      }
    },
  };
}

test("what stands in a log at the start of a run is history; what is appended runs", async () => {
  const at = bench(`# p\n${block("old()")}\n${footer}${block("older()")}`);
  const server = await at.start();
  await at.work(server);
  expect(at.ran).toEqual([]);
  at.append(block("fresh()"));
  await at.work(server);
  expect(at.ran).toEqual(["fresh()"]);
  at.append(block("older()"));
  await at.work(server);
  expect(at.ran).toEqual(["fresh()", "older()"]);
});

test("a log without an anchor is history as well, and a file that comes later runs", async () => {
  const at = bench(`# p\n${block("old()")}`);
  const server = await at.start();
  await at.work(server);
  expect(at.ran).toEqual([]);

  const other = bench();
  const second = await other.start();
  other.append(`Is the page alive?\n${block("1 + 1")}`);
  await other.work(second);
  expect(other.ran).toEqual(["1 + 1"]);
  expect(other.text()).toMatch(/### \u{1F5E3}\uFE0Fagent to p at [\d:]{8}\n```js\n1 \+ 1\n```/u);
});

test("a draft that is completed later runs, complete blocks above it do not", async () => {
  const at = bench(`# p\n\n${footer}${block("old()")}\n\`\`\`js\nhalf(`);
  const server = await at.start();
  await at.work(server);
  expect(at.ran).toEqual([]);
  at.append(")\n```\n");
  await at.work(server);
  expect(at.ran).toEqual(["half()"]);
});

test("a changed block of the old tail runs, the unchanged one beside it does not", async () => {
  const at = bench(`# p\n\n${footer}${block("one()")}${block("two()")}`);
  const server = await at.start();
  await at.work(server);
  at.world.memory.replace(file, at.text().replace("one()", "better()"));
  await at.work(server);
  expect(at.ran).toEqual(["better()"]);
});

test("what is appended during an outage within a run is executed, once", async () => {
  const at = bench(`# p\n\n${footer}`);
  const first = await at.start();
  at.append(block("before()"));
  await at.work(first);
  first.die();
  at.append(block("meanwhile()"));
  await at.world.clock.advance(5000);
  const second = await at.start();
  await at.work(second);
  expect(at.ran).toEqual(["before()", "meanwhile()"]);
  second.die();
  const third = await at.start();
  await at.work(third);
  expect(at.ran).toEqual(["before()", "meanwhile()"]);
});

test("that holds for a realm that connects only after the outage, and for a file that is new", async () => {
  const at = bench(`# p\n\n${footer}${block("old()")}`);
  const { clock, memory, records } = at.world;
  expect(records.age("run.log")).toBeUndefined();
  const first = await startLogs(at.world, "soon");
  await clock.settle();
  first.die();
  at.append(block("meanwhile()"));
  memory.replace(`${directory}/q.md`, block("new()"));
  const second = await at.start();
  await at.work(second);
  expect(at.ran).toEqual(["meanwhile()"]);
  const realm = second.realm("q");
  await clock.advance(500);
  expect(realm.take()?.code).toBe("new()");
});

test("after a clean end everything is history", async () => {
  const at = bench(`# p\n\n${footer}`);
  const first = await at.start();
  const stopped = first.stop();
  await at.world.clock.advance(1000);
  await stopped;
  at.append(block("meanwhile()"));
  const second = await at.start();
  await at.work(second);
  expect(at.ran).toEqual([]);
});

test("a start more than ten minutes after an unclean end is a new run", async () => {
  for (const [minutes, runs] of [
    [9, ["meanwhile()"]],
    [11, []],
  ] as const) {
    const at = bench(`# p\n\n${footer}`);
    const first = await at.start();
    // Signs of life count, not the beginning.
    await at.world.clock.advance(30 * 60_000);
    first.die();
    at.append(block("meanwhile()"));
    await at.world.clock.advance(minutes * 60_000);
    await at.work(await at.start());
    expect(at.ran, `${minutes} minutes`).toEqual(runs);
  }
});

test("a start that does not continue is a new run, at once", async () => {
  const at = bench(`# p\n\n${footer}`);
  const first = await at.start();
  first.die();
  at.append(block("meanwhile()"));
  await at.work(await at.start("never"));
  expect(at.ran).toEqual([]);
});

test("a request that no realm had waits in the next process; its later blocks follow", async () => {
  const at = bench(`# p\n\n${footer}`);
  const first = await at.start();
  at.append(`${block("one()")}${block("two()")}`);
  void first.realm("p").look();
  await at.world.clock.advance(200);
  expect(first.realm("p").job?.code).toBe("one()");
  first.die();
  await at.work(await at.start());
  expect(at.ran).toEqual(["one()", "two()"]);
  expect(at.text().match(/^#### /gm)).toHaveLength(2);
});

test("the result of a job that an earlier process had handed over is written", async () => {
  const at = bench(`# p\n\n${footer}`);
  const first = await at.start();
  at.append(block("slow()"));
  void first.realm("p").look();
  await at.world.clock.advance(200);
  const job = first.realm("p").take();
  first.die();
  const second = await at.start();
  const realm = second.realm("p");
  expect(realm.take()).toBeUndefined();
  const answer = realm.result(job!.id, { ok: true, value: "at last" });
  await at.world.clock.advance(100);
  expect(await answer).toBe("written");
  expect(at.text()).toContain("at last");
  expect(at.text()).not.toContain("executing (");
  const again = realm.result(job!.id, { ok: true, value: "twice" });
  await at.world.clock.advance(100);
  expect(await again).toBe("ignored");
  expect(at.text()).not.toContain("twice");
});

test("a job that was handed over and is never answered times out in its own time", async () => {
  const at = bench(`# p\n\n${footer}`);
  const first = await at.start();
  at.append(block("hangs()"));
  void first.realm("p").look();
  await at.world.clock.advance(200);
  first.realm("p").take();
  await at.world.clock.advance(40_000);
  first.die();
  await at.start();
  await at.world.clock.advance(19_000);
  expect(at.text()).toContain("executing (");
  await at.world.clock.advance(3000);
  expect(at.text()).toContain("job timed out after 60000ms");
});

test("a region that an earlier run left is finished as failed, all of them, and nothing runs", async () => {
  const region = (code: string): string =>
    `### \u{1F5E3}\uFE0Fagent to p at 09:00:00\n\`\`\`js\n${code}\n\`\`\`\n\n#### \u{1F44D}p to agent at 09:00:00\nexecuting (5s)\n\n`;
  const at = bench(`# p\n\n${region("one()")}${region("two()")}${footer}`);
  const server = await at.start();
  await at.work(server);
  expect(at.ran).toEqual([]);
  expect(at.text().match(/the server stopped before the result arrived/g)).toHaveLength(2);
  server.die();
  await at.work(await at.start());
  expect(at.ran).toEqual([]);
});

test("a region of an older run stays history when a realm comes after a restart of this one", async () => {
  const text = `# p\n\n### \u{1F5E3}\uFE0Fagent to p at 09:00:00\n\`\`\`js\nold()\n\`\`\`\n\n#### \u{1F44D}p to agent at 09:00:00\nexecuting (5s)\n\n${footer}`;
  const at = bench(text);
  const first = await startLogs(at.world, "soon");
  first.die();
  await at.work(await at.start());
  expect(at.ran).toEqual([]);
  expect(at.text()).toContain("the server stopped before the result arrived");
});

test("what somebody wrote into the replaced file is found by the next process", async () => {
  const at = bench(`# p\n\n${footer}`);
  const first = await at.start();
  const { memory, clock } = at.world;
  const open = memory.open(file);
  void first.realm("p").diagnostic("something");
  await clock.settle();
  open.append(block("late()"));
  first.die();
  expect(at.text()).not.toContain("late()");
  await at.work(await at.start());
  expect(at.ran).toEqual(["late()"]);
  expect(memory.names()).toEqual([file]);
});

test("records survive a torn last line", async () => {
  const at = bench(`# p\n\n${footer}`);
  const first = await at.start();
  at.append(block("one()"));
  void first.realm("p").look();
  await at.world.clock.advance(200);
  first.die();
  at.world.records.append("run.log", '{"kind":"request","key":"p","req');
  at.world.records.append("p.versions", '{"kind":"stands","te');
  await at.work(await at.start());
  expect(at.ran).toEqual(["one()"]);
});
