import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createFileWriter, type FileWriter } from "../../../src/server/files/file-writer.ts";
import { addLine, faultyDisk } from "./faulty-disk.ts";
import { powerDisk } from "./power-disk.ts";

const file = "/projects/notes.md";
/** The long run of the suite raises this. */
const runs = Number(process.env["VITRINE_POWER_RUNS"] ?? 1500);

type Act = "result" | "save" | "restart";

/** Acts until the power fails at a call, then starts again. @returns how many calls there were. */
async function live(
  acts: readonly Act[],
  point: number,
  keep: () => boolean,
): Promise<{ calls: number; text: string; acknowledged: string[] }> {
  const memory = powerDisk();
  memory.save(file, "start\n");
  const { disk, calls } = faultyDisk(
    (index) => (index === point ? "crash-before" : "run"),
    memory.disk,
  );
  const open = (on: typeof disk): FileWriter<string> =>
    createFileWriter<string>({
      directory: "/state",
      apply: addLine,
      log: { add: () => {} },
      wait: async () => {},
      disk: on,
    });
  let writer = open(disk);
  const acknowledged: string[] = [];
  for (const [index, act] of acts.entries()) {
    if (calls.length > point) break;
    if (act === "save") memory.save(file, `${memory.text(file)}save ${index}\n`);
    if (act === "restart") {
      await writer.close();
      writer = open(disk);
      await writer.recover().catch(() => {});
    }
    if (act !== "result") continue;
    const accepted = await writer.accept(file, `result ${index}`).catch(() => undefined);
    if (accepted === undefined) continue;
    acknowledged.push(`result ${index}`);
    await accepted.write();
  }
  await writer.close();
  memory.losePower(keep);
  for (let start = 0; start < 2; start++) {
    const next = open(memory.disk);
    await next.recover();
    await next.close();
  }
  return { calls: calls.length, text: memory.text(file), acknowledged };
}

function expectWhole(text: string, acknowledged: readonly string[]): void {
  const lines = text.split("\n");
  expect(lines[0]).toBe("start");
  expect(new Set(lines).size).toBe(lines.length);
  expect(lines.filter((line) => acknowledged.includes(line))).toEqual(acknowledged);
}

test(
  "a power loss at any call of up to three acts loses no acknowledged result",
  { timeout: 60_000 },
  async () => {
    const kinds: readonly Act[] = ["result", "save", "restart"];
    const sequences = [1, 2, 3].flatMap((length) =>
      Array.from({ length: 3 ** length }, (_, code) =>
        Array.from({ length }, (__, place) => kinds[Math.floor(code / 3 ** place) % 3]!),
      ),
    );
    let points = 0;
    for (const acts of sequences) {
      const { calls } = await live(acts, Infinity, () => true);
      for (let point = 0; point <= calls; point += 3) {
        for (const keeps of [() => true, () => false]) {
          points++;
          const { text, acknowledged } = await live(acts, point, keeps);
          expectWhole(text, acknowledged);
        }
      }
    }
    console.log(`file writer: ${points} power losses in ${sequences.length} sequences`);
  },
);

test(
  "whatever survives of what was not synced, acknowledged results are there once and in order",
  { timeout: 120_000 },
  async () => {
    const anyActs = fc.array(fc.constantFrom<Act>("result", "result", "save", "restart"), {
      minLength: 1,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(
        anyActs,
        fc.nat(250),
        fc.infiniteStream(fc.boolean()),
        async (acts, point, survives) => {
          const { text, acknowledged } = await live(acts, point, () => survives.next().value);
          expectWhole(text, acknowledged);
        },
      ),
      { numRuns: runs },
    );
    console.log(`file writer: ${runs} random power losses`);
  },
);
