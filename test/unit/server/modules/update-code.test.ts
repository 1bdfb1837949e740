import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { createPack } from "../../../../src/server/modules/pack.ts";
import { sendCode, type UpdateChannel } from "../../../../src/server/modules/update-code.ts";

const update = {
  type: "update",
  updates: [{ type: "js-update", path: "/a.ts", acceptedPath: "/a.ts", timestamp: 1 }],
};
const later = { ...update, updates: [{ ...update.updates[0], timestamp: 2 }] };
const other = { ...update, updates: [{ ...update.updates[0], path: "/b.ts" }] };

function channelOf(): { channel: UpdateChannel; sent: unknown[] } {
  const sent: unknown[] = [];
  return {
    sent,
    channel: { send: (...args) => void sent.push(args.length === 1 ? args[0] : args) },
  };
}

test("no message overtakes an update that waits for its code", async () => {
  const { channel, sent } = channelOf();
  let ready = (): void => {};
  const made = new Promise<void>((resolve) => (ready = resolve));
  const pack = createPack(new Map());
  sendCode(channel, {
    base: "/",
    wanted: () => true,
    update: () => made.then(() => ({ pack, outdated: [] })),
  });
  channel.send({ type: "connected" });
  channel.send(update);
  channel.send({ type: "prune" });
  channel.send("custom", 1);
  expect(sent).toEqual([{ type: "connected" }]);
  ready();
  await expect.poll(() => sent.length).toBe(4);
  expect(sent.slice(1)).toEqual([
    { ...update, vitrine: { hash: pack.hash, code: expect.any(String) } },
    { type: "prune" },
    ["custom", 1],
  ]);
});

test("an update whose code cannot be made is sent as it is", async () => {
  const { channel, sent } = channelOf();
  sendCode(channel, {
    base: "/",
    wanted: () => true,
    update: async () => {
      throw new Error("no");
    },
  });
  channel.send(update);
  await expect.poll(() => sent).toEqual([update]);
});

test("an update that is outdated by the time its code is made is left out, however long that took", async () => {
  const { channel, sent } = channelOf();
  sendCode(channel, {
    base: "/",
    wanted: () => true,
    update: async (keys) => {
      await delay(400);
      return { outdated: keys };
    },
  });
  channel.send(update);
  channel.send({ type: "prune" });
  await expect.poll(() => sent).toEqual([{ type: "prune" }]);
});

test("of a burst, what a waiting update covers is left out, but not across another message", async () => {
  const { channel, sent } = channelOf();
  const made: string[] = [];
  sendCode(channel, {
    base: "/",
    wanted: () => true,
    update: async ([key]) => {
      made.push(key ?? "");
      return { outdated: [] };
    },
  });
  for (const payload of [other, update, update, later, { type: "prune" }, later])
    channel.send(payload);
  await expect.poll(() => sent.length).toBe(4);
  expect(sent).toEqual([other, later, { type: "prune" }, later]);
  expect(made).toEqual(["/a.ts?t=1", "/a.ts?t=2", "/a.ts?t=2"]);
});

test("an update that was changed again meanwhile is left to the next one", async () => {
  const { channel, sent } = channelOf();
  const both = { ...update, updates: [...update.updates, ...other.updates] };
  sendCode(channel, {
    base: "/",
    wanted: () => true,
    update: async (keys) => ({ outdated: keys.filter((key) => key === "/a.ts?t=1") }),
  });
  channel.send(both);
  channel.send(later);
  await expect.poll(() => sent.length).toBe(1);
  expect(sent).toEqual([later]);
});
