/** Names of realms, and the set of those that live (REPL specification 2.1 and 13, decisions 30 and 40). */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ToRealm } from "../../../src/protocol/realm.ts";
import { createLog } from "../../../src/server/log.ts";
import type { Hello, RealmLink } from "../../../src/server/realms/live-realm.ts";
import { toFromRealm } from "../../../src/server/realms/messages.ts";
import {
  frameName,
  freeName,
  newNodeName,
  newRealmName,
  realmName,
} from "../../../src/server/realms/names.ts";
import { Realms, type RealmDoor } from "../../../src/server/realms/realms.ts";
import { listServiceWorkers } from "../../../src/server/realms/service-workers.ts";
import { WorkerRealms } from "../../../src/server/realms/worker-realms.ts";
import { hello } from "../../support/hello.ts";

const at = new Date(2026, 10, 20, 9, 5, 7);
interface Fixture {
  readonly realms: Realms;
  readonly sent: ToRealm[];
  join(more?: Partial<Hello>, session?: string): RealmDoor;
  names(): string[];
}

function fixture(): Fixture {
  const realms = new Realms();
  const sent: ToRealm[] = [];
  return {
    realms,
    sent,
    join(more, session = "shop") {
      const link: RealmLink = { send: (message) => void sent.push(message), close: () => {} };
      return realms.join(session, link, hello(more));
    },
    names: () => realms.all().map(({ name }) => name),
  };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("names", () => {
  test("have the form of the specification and are unique among the living", () => {
    expect(newRealmName(new Set(), at)).toMatch(/^(?:[5-9]|1\d)-[a-z]+-0905-07$/);
    expect(newNodeName(new Set(), at)).toMatch(/^node-[a-z]+-0905-07$/);
    expect(freeName("page", new Set(["page", "page-2"]))).toBe("page-3");
    expect(frameName("7-zen-1201-03", new Set(["7-zen-1201-03-frame-1"]))).toBe(
      "7-zen-1201-03-frame-2",
    );
    const taken = new Set<string>();
    for (let count = 0; count < 200; count++) taken.add(newNodeName(taken, at));
    expect(taken.size).toBe(200);
  });

  test("are sanitised, never empty, no device, and short enough for a file", () => {
    expect(realmName("Test_Worker-123!@#")).toBe("test-worker-123");
    expect(realmName("test-🚀-name")).toBe("test-name");
    expect(realmName("---")).toBe("page");
    expect(realmName("CON")).toBe("con-page");
    expect(realmName("lpt1")).toBe("lpt1-page");
    const long = realmName("x".repeat(150));
    expect(long).toMatch(/^x{91}-[0-9a-f]{8}$/);
    expect(realmName("x".repeat(151))).not.toBe(long);
    expect(realmName("x".repeat(100))).toBe("x".repeat(100));
  });
});

describe("the set of realms", () => {
  test("a reload within five seconds is the same realm; after that the name is free", () => {
    const { realms, join } = fixture();
    const first = join({ instance: "tab-00001" });
    first.lost("The page was closed");
    vi.advanceTimersByTime(4900);
    const again = join({ instance: "tab-00001", name: first.realm.name });
    expect(again.realm).toBe(first.realm);
    again.lost("The page was closed");
    vi.advanceTimersByTime(5100);
    expect(realms.all()).toEqual([]);
    expect(join({ instance: "tab-00001", name: first.realm.name }).realm.name).toBe(
      first.realm.name,
    );
  });

  test("a duplicated tab has another name, and so have its frames", () => {
    const { join } = fixture();
    const page = join({ name: "7-zen-1201-03", instance: "tab-00001" });
    const frame = join({ kind: "iframe", parent: "tab-00001", frame: "0" });
    expect(frame.realm.facts()).toMatchObject({
      name: "7-zen-1201-03-frame-1",
      parent: "7-zen-1201-03",
    });
    const copy = join({ name: page.realm.name, instance: "tab-00002" });
    expect(copy.realm.name).toBe("7-zen-1201-03-2");
    const copied = join({
      kind: "iframe",
      parent: "tab-00002",
      frame: "0",
      name: frame.realm.name,
    });
    expect(copied.realm.facts()).toMatchObject({
      name: "7-zen-1201-03-2-frame-1",
      parent: "7-zen-1201-03-2",
    });
  });

  test("the same instance in another session is another realm", () => {
    const { join } = fixture();
    const shop = join({ instance: "tab-00001", name: "7-zen-1201-03" });
    shop.lost("The page was closed");
    const admin = join({ instance: "tab-00001", name: "7-zen-1201-03" }, "admin");
    expect(admin.realm).not.toBe(shop.realm);
    expect(admin.realm.name).toBe("7-zen-1201-03-2");
  });

  test("workers are named after their page, and take the places of those that went", () => {
    const { join, names } = fixture();
    join({ name: "7-zen-1201-03", instance: "tab-00001" });
    const worker = { kind: "worker", parent: "tab-00001", label: "My Pool.worker" } as const;
    const [first, second] = [join(worker), join(worker)];
    expect(names().slice(1)).toEqual([
      "7-zen-1201-03-my-pool-worker",
      "7-zen-1201-03-my-pool-worker-2",
    ]);
    first.lost("The worker ended");
    second.lost("The worker ended");
    // Those that only lost their connection come back as themselves, in any order.
    const own = { ...worker, instance: second.realm.hello.instance };
    expect(join({ ...own, name: second.realm.name }).realm).toBe(second.realm);
    expect(join(worker).realm).toBe(first.realm);
    expect(join({ kind: "worker", label: "hub" }).realm.facts()).toMatchObject({ name: "hub" });
  });

  test("a child that comes before its page finds it later, and goes with it", () => {
    const { realms, join, names } = fixture();
    const worker = join({
      kind: "worker",
      parent: "tab-00001",
      label: "webworker",
      companion: true,
      name: "7-zen-1201-03-webworker",
    });
    expect(worker.realm.facts().parent).toBeUndefined();
    const page = join({ name: "7-zen-1201-03", instance: "tab-00001" });
    expect(worker.realm.facts().parent).toBe("7-zen-1201-03");
    expect(realms.companionOf(page.realm)).toBe(worker.realm);
    const reasons: string[] = [];
    realms.listen({ gone: (realm, why) => void reasons.push(`${realm.name}: ${why}`) });
    page.lost("The page was closed");
    vi.advanceTimersByTime(5100);
    expect(names()).toEqual([]);
    expect(reasons).toHaveLength(2);
  });

  test("a name that is no name of ours never passes", () => {
    for (const name of ["Upper", "a/b", "../x", "x".repeat(101)])
      expect(toFromRealm(hello({ name }))).toBeUndefined();
    expect(toFromRealm(hello({ kind: "service-worker" }))).toBeUndefined();
    expect(toFromRealm(hello({ kind: "worker", label: "x".repeat(5000) }))).toBeUndefined();
    expect(toFromRealm(hello({ kind: "worker", parent: "no instance" }))).toBeUndefined();
    expect(toFromRealm(hello({ kind: "worker", label: "My Pool" }))).toBeDefined();
  });
});

describe("companion workers", () => {
  const companion = {
    kind: "worker",
    parent: "tab-00001",
    label: "webworker",
    companion: true,
  } as const;

  test("are asked for once, and the page's refusal is the answer", async () => {
    const { realms, sent, join } = fixture();
    const workers = new WorkerRealms(
      realms,
      createLog(() => {}),
    );
    const page = join({ instance: "tab-00001" });
    const [one, other] = [workers.open(page.realm), workers.open(page.realm)];
    expect(sent.filter(({ type }) => type === "worker")).toHaveLength(1);
    const worker = join(companion);
    expect([await one, await other]).toEqual([worker.realm, worker.realm]);
    expect(await workers.open(page.realm)).toBe(worker.realm);
    worker.lost("The worker ended");
    const refused = expect(workers.open(page.realm)).rejects.toThrow("no workers here");
    page.receive({ type: "worker-failed", message: "no workers here" });
    await refused;
  });

  test("are asked for again by the page that was reloaded meanwhile; a page that goes is said", async () => {
    const { realms, sent, join } = fixture();
    const workers = new WorkerRealms(
      realms,
      createLog(() => {}),
    );
    const page = join({ instance: "tab-00001" });
    const opening = workers.open(page.realm);
    page.lost("The page was closed");
    const again = join({ instance: "tab-00001" });
    expect(sent.filter(({ type }) => type === "worker")).toHaveLength(2);
    const worker = join(companion);
    expect(await opening).toBe(worker.realm);
    worker.lost("The worker ended");
    const gone = expect(workers.open(page.realm)).rejects.toThrow("The page was closed before");
    again.lost("The page was closed");
    vi.advanceTimersByTime(5100);
    await gone;
  });

  test("that hang are told once, keep their realm when they are restarted, and go when they are not", () => {
    const { realms, join } = fixture();
    const log = createLog(() => {});
    void new WorkerRealms(realms, log);
    const page = join({ instance: "tab-00001", name: "7-zen-1201-03" });
    const worker = join(companion);
    const told: unknown[] = [];
    realms.listen({
      hung: (realm, silentMs, restarted) => void told.push([realm.name, silentMs, restarted]),
      gone: ({ name }, why) => void told.push([name, why]),
    });
    page.receive({ type: "worker-timeout", silentMs: 22_100, restarted: true });
    expect(worker.realm.link).toBeUndefined();
    expect(join(companion).realm).toBe(worker.realm);
    page.receive({ type: "worker-timeout", silentMs: 21_000, restarted: false });
    expect(told).toEqual([
      ["7-zen-1201-03-webworker", 22_100, true],
      ["7-zen-1201-03-webworker", 21_000, false],
      ["7-zen-1201-03-webworker", "The worker stopped answering again and again"],
    ]);
    // Another page's word says nothing about it.
    const other = join({ instance: "tab-00002" });
    other.receive({ type: "worker-timeout", silentMs: 21_000, restarted: false });
    expect(told).toHaveLength(3);
  });
});

test("service workers are listed as long as a page reports them", () => {
  const { realms, join } = fixture();
  listServiceWorkers(realms);
  const worker = { url: "http://127.0.0.1:15173/sw.js", scope: "/", state: "activated" };
  const [one, other] = [join(), join()];
  one.receive({ type: "service-workers", workers: [worker] });
  other.receive({ type: "service-workers", workers: [worker] });
  const listed = (): unknown[] =>
    realms
      .all()
      .filter(({ kind }) => kind === "service-worker")
      .map((realm) => [realm.name, realm.facts().state, realm.session]);
  expect(listed()).toEqual([["service-worker-sw", "idle", "shop"]]);
  one.lost("The page was closed");
  vi.advanceTimersByTime(5100);
  expect(listed()).toHaveLength(1);
  other.receive({ type: "service-workers", workers: [] });
  expect(listed()).toEqual([]);
  other.receive({ type: "service-workers", workers: [worker] });
  realms.removeSession("shop");
  expect(realms.all()).toEqual([]);
});
