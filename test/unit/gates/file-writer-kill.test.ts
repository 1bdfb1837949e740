import { spawn } from "node:child_process";
import { once } from "node:events";
import { link } from "node:fs/promises";
import path from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { bench, litter, type Bench } from "./writer-fixture.ts";

const child = path.join(import.meta.dirname, "kill-child.ts");

/** @returns what the child said before it ended or was killed. */
async function run(at: Bench, point: number): Promise<string[]> {
  const started = spawn(process.execPath, [child, at.state, at.file, String(point)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = await Promise.all([text(started.stdout), once(started, "exit")]);
  return said.split("\n").filter((line) => line !== "");
}

async function expectWhole(
  at: Bench,
  acknowledged: readonly string[],
  where: string,
): Promise<void> {
  const next = at.open();
  await next.recover();
  await next.close();
  const lines = (await at.read()).split("\n").slice(0, -1);
  expect(lines, where).toEqual([
    "start",
    ...["one", "two"].filter((line) => acknowledged.includes(line) || lines.includes(line)),
  ]);
  expect(
    (await litter(at)).filter((name) => name !== "other.md"),
    where,
  ).toEqual([]);
}

test(
  "a server that is killed loses nothing, and the next one leaves no litter",
  { timeout: 60_000 },
  async () => {
    const last = (await run(await bench(), -1)).at(-1) ?? "";
    const count = Number(last.split(" ")[1]);
    expect(count).toBeGreaterThan(40);
    let points = 0;
    for (let point = 1; point < count; point += 4) {
      const at = await bench();
      await expectWhole(at, await run(at, point), `killed at call ${point}`);
      points++;
    }
    console.log(`file writer: killed at ${points} of ${count} calls`);
  },
);

async function twoNames(): Promise<Bench> {
  const at = await bench();
  await link(at.file, path.join(path.dirname(at.file), "other.md"));
  return at;
}

test(
  "a file with two names that was torn by a kill is whole again at the next start",
  { timeout: 60_000 },
  async () => {
    const count = Number((await run(await twoNames(), -1)).at(-1)?.split(" ")[1]);
    let points = 0;
    for (let point = 12; point < count; point += 5) {
      const at = await twoNames();
      await expectWhole(at, await run(at, point), `killed at call ${point}`);
      points++;
    }
    console.log(`file writer, in place: killed at ${points} of ${count} calls`);
  },
);
