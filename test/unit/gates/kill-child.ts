/** Runs in a child process: accepts and writes two lines, tells what is acknowledged, and dies at a given call. */
import { writeSync } from "node:fs";
import { createFileWriter } from "../../../src/server/files/file-writer.ts";
import { addLine, faultyDisk } from "./faulty-disk.ts";

const [directory = "", file = "", point = ""] = process.argv.slice(2);
const { disk, calls } = faultyDisk((index) => {
  if (index === Number(point)) process.kill(process.pid, "SIGKILL");
  return "run";
});
const writer = createFileWriter<string>({
  directory,
  apply: addLine,
  log: { add: () => {} },
  disk,
});
await writer.recover();
for (const line of ["one", "two"]) {
  const accepted = await writer.accept(file, line);
  writeSync(1, `${line}\n`);
  await accepted.write();
}
await writer.close();
writeSync(1, `calls ${calls.length}\n`);
