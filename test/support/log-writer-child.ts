/**
 * Runs in a child process: an agent that appends requests to a log. It writes with the system's append or by rename, so that a
 * torn view can only be the server's; a third of its saves are made from a copy that it read a while ago. Says what it wrote.
 */
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const [file = "", name = "", total = "", pace = ""] = process.argv.slice(2);
/** Agents let each other finish: who saves over what nobody has read takes it away. */
const turn = `${file}.turn`;
let copy = { text: "", at: 0 };

function chunk(id: string, isNamed: boolean): string {
  const heading = isNamed ? `### \u{1F5E3}\uFE0F${name} to torture at 00:00:00\n\n` : "";
  return `\n${heading}Note ${id}.\n\n\`\`\`js\nrun(${JSON.stringify(id)})\n\`\`\`\n`;
}

/** @returns whether there was a copy that could be saved */
function saveStale(added: string): boolean {
  if (copy.text === "" || Date.now() - copy.at > 4000) return false;
  // What waits below the anchor is known to nobody: a copy without it would take it away.
  const now = readFileSync(file, "utf8");
  if (!/\n> Append your[^\n]*\n\s*$/.test(now) || !/\n> Append your[^\n]*\n\s*$/.test(copy.text))
    return false;
  writeFileSync(`${file}.${name}`, copy.text + added);
  renameSync(`${file}.${name}`, file);
  return true;
}

async function inTurn<Value>(act: () => Value): Promise<Value> {
  for (;;) {
    try {
      mkdirSync(turn);
      break;
    } catch {
      await sleep(1 + Math.random() * 3);
    }
  }
  try {
    return act();
  } finally {
    rmdirSync(turn);
  }
}

for (let count = 0; count < Number(total); count++) {
  const id = `${name}-${count}`;
  const added = chunk(id, count % 2 === 0);
  let way = await inTurn(() => {
    if (count % 3 === 2 && saveStale(added)) return "stale";
    appendFileSync(file, added);
    return "appended";
  });
  if (way === "stale") {
    // A rename between the server's last look and its own rename is lost (19.3, rule 4): an agent looks whether it is there.
    await sleep(600);
    way = await inTurn(() => {
      if (readFileSync(file, "utf8").includes(`Note ${id}.`)) return "stale";
      appendFileSync(file, added);
      return "again";
    });
  }
  writeSync(1, `${way} ${id}\n`);
  if (count % 3 === 1) copy = { text: readFileSync(file, "utf8"), at: Date.now() };
  await sleep(Number(pace) * (0.5 + Math.random()));
}
