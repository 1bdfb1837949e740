import { beforeEach, expect, test } from "vitest";
import type { ToRealm } from "../../../src/protocol/realm.ts";
import { createLog } from "../../../src/server/log.ts";
import { Realms, type LiveRealm } from "../../../src/server/realms/realms.ts";
import { WorkerRealms } from "../../../src/server/realms/worker-realms.ts";
import { chooseRealm, type RealmSources } from "../../../src/server/repl/choose-realm.ts";
import { hello } from "../../support/hello.ts";

const file = "/home/shop/notes.md";
let realms: Realms;
let asked: ToRealm[];
let choose: ReturnType<typeof chooseRealm>;
let opened: string[];

beforeEach(() => {
  realms = new Realms();
  asked = [];
  opened = [];
  const session = {
    id: "shop",
    project: { name: "Shop", root: "/home/shop" },
    snapshot: () => ({ state: { name: "stopped" } }),
  };
  choose = chooseRealm({
    realms,
    workerRealms: new WorkerRealms(
      realms,
      createLog(() => {}),
    ),
    sessions: { forFile: () => session, list: () => [] },
    nodeRealms: {
      open: async (directory: string) => {
        opened.push(directory);
        return realms.list("shop", hello({ kind: "node" }));
      },
    },
    folders: () => ["/home"],
  } as unknown as RealmSources);
});

function join(more: Parameters<typeof hello>[0] = {}, session = "shop"): LiveRealm {
  const link = { send: (message: ToRealm) => void asked.push(message), close: () => {} };
  return realms.join(session, link, hello(more)).realm;
}

test("of several realms of a kind the one that was seen last is meant, and never one of another session", async () => {
  const [first, second] = [join(), join()];
  join({}, "admin");
  first.seen = second.seen + 1;
  expect(await choose(file, "page")).toBe(first);
  expect(await choose(file, undefined)).toBe(first);
  second.seen = first.seen + 1;
  expect(await choose(file, "page")).toBe(second);
  realms.ended(second, "closed");
  expect(await choose(file, "page")).toBe(first);
});

test("without a page a block runs in Node; asked for a page it is told how to get one", async () => {
  join({ name: "7-zen-1201-03" }, "admin");
  expect((await choose(file, undefined)).kind).toBe("node");
  expect((await choose(file, "node")).kind).toBe("node");
  expect(opened).toEqual(["/home/shop", "/home/shop"]);
  for (const wish of ["page", "worker"])
    await expect(choose(file, wish)).rejects.toThrow(
      "No page of Shop is open. Open its preview, then run the block again. Live now: 7-zen-1201-03",
    );
});

test("frames are meant by kind and by name", async () => {
  const page = join({ name: "7-zen-1201-03", instance: "tab-00001" });
  await expect(choose(file, "iframe")).rejects.toThrow(
    "No page shows a frame of the application. Live now: 7-zen-1201-03",
  );
  const frames = ["0", "1"].map((frame) => join({ kind: "iframe", frame, parent: "tab-00001" }));
  expect(frames[0]?.parent).toBe(page);
  expect(await choose(file, "iframe")).toBe(frames[1]);
  expect(await choose(file, "7-zen-1201-03-frame-1")).toBe(frames[0]);
});

test("a companion worker is made when it is asked for, by kind or by name", async () => {
  const page = join({ name: "7-zen-1201-03", instance: "tab-00001" });
  const companion = {
    kind: "worker",
    parent: "tab-00001",
    label: "webworker",
    companion: true,
  } as const;
  const byName = choose(file, "7-zen-1201-03-webworker");
  expect(asked.filter(({ type }) => type === "worker")).toHaveLength(1);
  const worker = join(companion);
  expect(await byName).toBe(worker);
  expect(await choose(file, "worker")).toBe(worker);
  realms.ended(worker, "restarted");
  const again = choose(file, "worker");
  await Promise.resolve();
  join(companion);
  expect(await again).toBe(worker);
  expect(worker.parent).toBe(page);
});

test("a realm that nobody has and a service worker are refused with a sentence", async () => {
  join({ name: "7-zen-1201-03" });
  await expect(choose(file, "8-zen-1201-03")).rejects.toMatchObject({
    code: "realm_gone",
    message: "There is no realm 8-zen-1201-03. Live now: 7-zen-1201-03",
  });
  const { name } = realms.list(
    "shop",
    hello({ label: "service-worker-sw", kind: "service-worker" }),
  );
  await expect(choose(file, name)).rejects.toMatchObject({ code: "unsupported" });
});
