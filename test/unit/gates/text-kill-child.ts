/** Runs in a child process: changes a text twice, tells what is acknowledged, and dies at a given call. */
import { writeSync } from "node:fs";
import path from "node:path";
import { createTextWriter } from "../../../src/server/files/text-writer.ts";
import { faultyDisk } from "./faulty-disk.ts";

const [file = "", point = ""] = process.argv.slice(2);
const { disk, calls } = faultyDisk((index) => {
  if (index === Number(point)) process.kill(process.pid, "SIGKILL");
  return "run";
});
const root = path.dirname(path.dirname(file));
const writer = createTextWriter({ root, late: () => {}, disk });
for (const line of ["one", "two"]) {
  await writer.change(file, (found = "") => `${found}${line}\n`);
  writeSync(1, `${line}\n`);
}
await writer.close();
writeSync(1, `calls ${calls.length}\n`);
