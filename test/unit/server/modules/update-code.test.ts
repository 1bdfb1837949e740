import { expect, test } from "vitest";
import { createPack } from "../../../../src/server/modules/pack.ts";
import { sendCode, type UpdateChannel } from "../../../../src/server/modules/update-code.ts";

const update = {
  type: "update",
  updates: [{ type: "js-update", acceptedPath: "/a.ts", timestamp: 1 }],
};

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
  sendCode(channel, { base: "/", wanted: () => true, update: () => made.then(() => pack) });
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
