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
function chunk(id: string, isNamed: boolean): string {
  const heading = isNamed ? `### \u{1F5E3}\uFE0F${name} to torture at 00:00:00\n\n` : "";
  return `\n${heading}Note ${id}.\n\n\`\`\`js\nrun(${JSON.stringify(id)})\n\`\`\`\n`;
}

/** Whether nothing waits below the anchor. */
function isCalm(text: string): boolean {
  return /\n> Append your[^\n]*\s*$/.test(text.slice(-500));
}

/** Who saves over a request that no server has read yet takes it away, and nobody could know: so no saving before that. */
async function until(look: () => boolean): Promise<void> {
  const end = Date.now() + 120_000;
  while (!look()) {
    if (Date.now() > end) throw new Error(`nobody answers in ${file}:\n${now().slice(-1000)}`);
    await sleep(25);
  }
}

const now = (): string => readFileSync(file, "utf8");

async function inTurn(act: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      mkdirSync(turn);
      break;
    } catch {
      await sleep(1 + Math.random() * 3);
    }
  }
  try {
    await act();
  } finally {
    rmdirSync(turn);
  }
}

const isNamed = (count: number): boolean => count % 2 === 0;

/** One request after the other. */
function append(count: number): void {
  appendFileSync(file, chunk(`${name}-${count}`, isNamed(count)));
  writeSync(1, `appended ${name}-${count}\n`);
}

/** Reads, lets another request be accepted, and saves what it had read with a request of its own. */
async function saveStale(count: number): Promise<void> {
  await until(() => isCalm(now()));
  const copy = now();
  append(count);
  await until(() => isCalm(now()) && now().includes(`Note ${name}-${count}.`));
  await sleep(Math.random() * 200);
  const id = `${name}-${count + 1}`;
  const added = chunk(id, isNamed(count + 1));
  writeFileSync(`${file}.${name}`, copy + added);
  renameSync(`${file}.${name}`, file);
  // A rename between the server's last look and its own rename is lost (19.3, rule 4): an agent looks whether it is there.
  await sleep(600);
  const isThere = now().includes(`Note ${id}.`);
  if (!isThere) appendFileSync(file, added);
  writeSync(1, `${isThere ? "stale" : "again"} ${id}\n`);
}

for (let count = 0; count < Number(total); count++) {
  const isStale = count % 3 === 1 && count + 1 < Number(total);
  await inTurn(async () => (isStale ? saveStale(count) : append(count)));
  if (isStale) count++;
  await sleep(Number(pace) * (0.5 + Math.random()));
}
