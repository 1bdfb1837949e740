/** An agent and a server at one log, in any order (sections 19.4 and 23, point 3), without disk and realm. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { acceptRequest } from "../../../src/markdown/log/accept.ts";
import { findAnchor } from "../../../src/markdown/log/anchor.ts";
import { finishEdit } from "../../../src/markdown/log/edits.ts";
import { formatCodeBlock, formatReplyHeader } from "../../../src/markdown/log/format.ts";
import { findRegion, placeReply } from "../../../src/markdown/log/regions.ts";
import { reconcile, type OwnVersion } from "../../../src/server/repl/log-merge.ts";

type Step =
  | { kind: "append"; stale: number; note: boolean }
  | { kind: "edit"; stale: number; place: number; chunk: boolean }
  | { kind: "again"; stale: number }
  | { kind: "reply" }
  | { kind: "tick" };

const stale = fc.nat({ max: 6 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("append" as const), stale, note: fc.boolean() }),
  fc.record({
    kind: fc.constant("edit" as const),
    stale,
    place: fc.nat({ max: 30 }),
    chunk: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("again" as const), stale }),
  fc.record({ kind: fc.constant("reply" as const) }),
  fc.record({ kind: fc.constant("tick" as const) }),
);

const options = { name: "p", at: Date.UTC(2026, 2, 4, 9, 0, 0) };

/** A server without a disk: what it knows is what the file holds. */
class Server {
  known = finishEdit("# p\n\nFirst.\n\nSecond.\n\nThird.\n", "p");
  versions: OwnVersion[] = [{ before: "", after: this.known, at: 0 }];
  /** What agents may still have in their hands. */
  texts: string[] = [this.known];
  ran: string[] = [];
  agentLines: string[] = [];
  replies: string[] = [];
  job: { heading: string; code: string } | undefined;
  time = 0;

  write(before: string, after: string): void {
    this.time += 1000;
    // What was processed without a write is remembered as well: another agent may have read it.
    this.versions = [...this.versions, { before, after, at: this.time }].slice(-16);
    this.known = after;
    this.texts = [...this.texts, before, after].slice(-14);
  }

  /** Somebody has saved the file. */
  saved(found: string): void {
    const { text } = reconcile(this.known, found, this.versions);
    expect(reconcile(text, text, this.versions).text).toBe(text);
    const own = [...this.versions, { before: found, after: text, at: this.time }];
    expect(reconcile(text, found, own).text).toBe(text);
    this.write(found, text);
    this.accept(found);
  }

  accept(before = this.known): void {
    if (this.job !== undefined) return;
    const accepted = acceptRequest(this.known, { ...options, known: this.known });
    if (accepted === undefined) return;
    const [block] = accepted.blocks;
    this.job = { heading: accepted.heading, code: block!.code };
    this.ran.push(...accepted.blocks.map(({ code }) => code));
    // One block per request here; a queue of blocks is the engine's.
    this.write(before, accepted.text);
  }

  reply(): void {
    if (this.job === undefined) return;
    const value = `value ${this.replies.length}`;
    this.replies.push(value);
    const reply = `${formatReplyHeader("p", "agent", options.at, 4, false)}\n\`\`\`JSON\n${value}\n\`\`\``;
    const codeBlock = formatCodeBlock(this.job.code);
    const text = placeReply(this.known, this.job, { reply, codeBlock });
    this.job = undefined;
    this.write(this.known, finishEdit(text, "p"));
    this.accept();
  }

  tick(): void {
    const region = findRegion(this.known);
    if (region === undefined) return;
    const text = this.known
      .slice(0, region.end)
      .replace(/executing \(.*$/, `executing (${this.time}s)`);
    this.write(this.known, text + this.known.slice(region.end));
  }
}

let count = 0;

function run(server: Server, one: Step): void {
  if (one.kind === "reply") return server.reply();
  if (one.kind === "tick") return server.tick();
  const older = server.texts.at(-1 - one.stale) ?? server.known;
  // Who saves the newest history with less below its anchor has taken that away (C.1): no agent's text is lost then.
  const head = server.known.slice(0, findAnchor(server.known)!.end);
  const copy = older.startsWith(head) ? server.known : older;
  if (one.kind === "again") return server.saved(copy);
  const id = `unique${count++}`;
  const chunk = `\n\`\`\`js\n${id}()\n\`\`\`\n`;
  const whole = copy.endsWith("\n") ? copy : `${copy}\n`;
  if (one.kind === "append") {
    server.agentLines.push(`${id}()`, ...(one.note ? [`Note ${id}`] : []));
    return server.saved(`${whole}${one.note ? `\nNote ${id}\n` : ""}${chunk}`);
  }
  // A line of its own between blank lines of the history, as an editor would put it there.
  const limit = findAnchor(whole)!.start;
  const gaps = [...whole.slice(0, limit).matchAll(/\n\n(?=[A-Z])/g)].map(({ index }) => index + 2);
  const at = gaps[one.place % gaps.length]!;
  server.agentLines.push(`Edit ${id}`, ...(one.chunk ? [`${id}()`] : []));
  const edited = `${whole.slice(0, at)}Edit ${id}\n\n${whole.slice(at)}`;
  return server.saved(one.chunk ? edited + chunk : edited);
}

function occurrences(text: string, line: string): number {
  return text.split(/\r?\n/).filter((other) => other === line).length;
}

test("whatever the order: no line of an agent is lost, no reply is lost, nothing runs twice, one anchor, last", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
      const server = new Server();
      for (const one of steps) {
        run(server, one);
        const anchor = findAnchor(server.known)!;
        expect(server.known.match(/^> Append your/gm)).toHaveLength(1);
        expect(server.known.slice(anchor.end)).not.toContain("####");
      }
      for (let left = 0; left < 20; left++) server.reply();
      for (const line of server.agentLines)
        expect(occurrences(server.known, line), line).toBeGreaterThan(0);
      for (const value of server.replies) expect(occurrences(server.known, value), value).toBe(1);
      expect(server.ran).toEqual([...new Set(server.ran)]);
      const asked = server.agentLines.filter((line) => line.endsWith("()"));
      expect(server.ran.toSorted()).toEqual(asked.toSorted());
    }),
    { numRuns: 500 },
  );
});
