/** One life of a log: agents, a realm, a clock and a server that may end, in any order, and what must hold at the end. */
import { expect } from "vitest";
import { findAnchor } from "../../src/markdown/log/anchor.ts";
import { openFence } from "../../src/markdown/log/draft.ts";
import { readReplyHeading } from "../../src/markdown/log/headings.ts";
import { findRegion } from "../../src/markdown/log/regions.ts";
import type { EndLengths } from "../../src/server/repl/logs/log-end.ts";
import type { Instance, LogJob, LogServer, LogWorld } from "./log-server.ts";
import { directory, logWorld, startLogs } from "./log-server.ts";

/** How somebody saves a file. */
export type Style = "rename" | "in place" | "truncate first";

export type Step =
  /** A chunk at the end. */
  | {
      kind: "append";
      blocks: number;
      heading: boolean;
      note: boolean;
      crlf: boolean;
      inside: number;
    }
  | { kind: "api"; blocks: number }
  /** Half a block, and its end. */
  | { kind: "draft" }
  | { kind: "complete" }
  /** What an agent keeps to edit it later. */
  | { kind: "read" }
  | { kind: "stale"; style: Style; note: boolean; inside: number }
  | { kind: "edit"; style: Style; place: number; inside: number }
  | { kind: "delete region"; style: Style }
  | { kind: "take" }
  | { kind: "result"; ok: boolean }
  | { kind: "late result" }
  | { kind: "lost" }
  | { kind: "events"; count: number }
  | { kind: "hang" }
  | { kind: "progress" }
  | { kind: "wait"; ms: number }
  | { kind: "crash"; inside: number }
  | { kind: "restart" };

const file = `${directory}/p.md`;
let count = 0;

interface Block {
  readonly code: string;
  /** It was in the tail of a log at a clean end: history, which never runs. */
  isHistory: boolean;
}

export class Life {
  readonly world: LogWorld = logWorld();
  server!: LogServer;
  realm!: Instance;
  readonly blocks: Block[] = [];
  readonly lines: string[] = [];
  readonly ran: string[] = [];
  readonly values: string[] = [];
  /** Jobs in the hands of the realm. */
  given: LogJob | undefined;
  readonly timedOut: LogJob[] = [];
  /** An agent's copy. */
  copy: string | undefined;
  copiedAt = 0;
  draft: string | undefined;
  /** What was done to the file while nobody looked, at a call of the disk. */
  #inside: { left: number; act: () => void } | undefined;
  /** A server that died in a write has left it to be found out whether it was done. */
  readonly seen: string[] = [];

  /** @param isLong whether every log counts as a long one, of which only the end is edited */
  async begin(text: string | undefined, isLong = false): Promise<void> {
    this.#lengths = isLong ? { long: 200, end: 100, most: 1200 } : undefined;
    const { memory } = this.world;
    if (text !== undefined) memory.replace(file, text);
    memory.before = (call, name) => this.#called(call, name);
    memory.appeared = (name, now) => {
      if (name === file) this.seen.push(now);
    };
    await this.boot("never");
  }

  async boot(continues: "soon" | "never"): Promise<void> {
    this.server = await startLogs(this.world, continues, this.#lengths);
    this.realm = this.server.realm("p");
    await this.world.clock.settle();
  }

  get text(): string {
    return this.world.memory.text(file) ?? "";
  }

  /** The server notices what was saved. */
  async look(): Promise<void> {
    void this.realm.look();
    await this.world.clock.settle();
  }

  async step(step: Step): Promise<void> {
    const { clock } = this.world;
    // Whoever writes behind half a fence of another agent writes into that fence.
    const isBehindDraft = this.draft !== undefined && ["append", "stale"].includes(step.kind);
    if (isBehindDraft) return;
    // What one agent is still writing another one does not read.
    if (this.#writing && !["take", "result", "events", "wait", "crash"].includes(step.kind))
      await clock.advance(200);
    switch (step.kind) {
      case "append": {
        const chunk = this.chunk(step.blocks, step);
        await this.during(step.inside, () =>
          this.append(step.crlf ? chunk.replaceAll("\n", "\r\n") : chunk),
        );
        break;
      }
      case "api": {
        const chunk = this.chunk(step.blocks, { heading: true, note: false }).trim();
        const done = this.realm.append(chunk);
        // Only what is acknowledged outlives the end of a server.
        await clock.advance(700);
        await done;
        break;
      }
      case "draft":
        if (this.draft !== undefined) break;
        this.draft = `u${count++}()`;
        this.lines.push(this.draft);
        this.append(`\n\`\`\`js\n${this.draft}\n`);
        break;
      case "complete":
        if (this.draft === undefined || !this.text.includes(this.draft)) break;
        this.blocks.push({ code: this.draft, isHistory: false });
        this.draft = undefined;
        this.append("```\n");
        break;
      case "read":
        this.copy = this.text === "" ? undefined : this.text;
        this.copiedAt = clock.now();
        break;
      case "stale":
        await this.during(step.inside, (call) => this.saveStale(step, call));
        break;
      case "edit":
        await this.during(step.inside, (call) => this.saveEdit(step, call));
        break;
      case "delete region":
        await this.settled();
        this.deleteRegion(step.style);
        break;
      default:
        await this.stepOfRealm(step);
    }
    await this.look();
    await clock.settle();
  }

  async stepOfRealm(step: Step): Promise<void> {
    const { clock } = this.world;
    switch (step.kind) {
      case "take": {
        const job = this.realm.take();
        if (job === undefined) break;
        this.ran.push(job.code);
        this.given = job;
        break;
      }
      case "result": {
        const job = this.given;
        if (job === undefined) break;
        this.given = undefined;
        const value = `value-${job.code}`;
        const ended = this.realm.result(
          job.id,
          step.ok ? { ok: true, value } : { ok: false, error: value },
        );
        void ended.then((how) => {
          if (how === "written") this.values.push(value);
        });
        break;
      }
      case "late result": {
        const job = this.timedOut.pop();
        if (job !== undefined)
          void this.realm.result(job.id, { ok: true, value: `late-${job.code}` });
        break;
      }
      case "lost":
        if (this.given !== undefined) void this.realm.fail("lost", "lost");
        this.given = undefined;
        break;
      case "events": {
        const event = {
          type: "console",
          level: "log",
          message: "said",
          eventAt: new Date(clock.now()).toISOString(),
        };
        void this.realm.flush(Array.from({ length: step.count }, () => event));
        break;
      }
      case "progress":
        this.realm.progress([{ type: "console", level: "log", message: "goes on" }]);
        break;
      case "hang":
        if (this.given === undefined) break;
        this.given = undefined;
        void this.realm.diagnostic("Worker unresponsive for 22004ms, restarting...");
        void this.realm.fail("failed", "worker unresponsive for 22004ms, restarted");
        break;
      case "wait":
        await clock.advance(step.ms);
        if (this.given !== undefined && this.realm.job !== this.given) {
          this.timedOut.push(this.given);
          this.given = undefined;
        }
        break;
      case "crash":
        await this.crash(step.inside);
        break;
      case "restart":
        await this.restart();
        break;
      default:
        throw new Error(step.kind);
    }
  }

  async crash(inside: number): Promise<void> {
    const { clock } = this.world;
    const { server } = this;
    let isDead = false;
    const die = (): void => {
      if (!isDead) server.die();
      isDead = true;
    };
    if (inside > 0) {
      this.#inside = { left: inside, act: die };
      void this.realm.look();
      if (this.given !== undefined)
        void this.realm.flush([{ type: "console", message: "before the end" }]);
      await clock.advance(5000);
    }
    this.#inside = undefined;
    die();
    await clock.advance(1000);
    await this.boot("soon");
    await clock.advance(300);
    const { job } = this.realm;
    // The realm still has what it was given, and may answer.
    this.given =
      job !== undefined && job.dispatchedAt !== undefined && this.ran.includes(job.code)
        ? job
        : undefined;
    if (this.given === undefined && job?.dispatchedAt !== undefined)
      await this.realm.fail("lost", "lost");
  }

  async restart(): Promise<void> {
    const { clock } = this.world;
    const stopped = this.server.stop();
    await clock.advance(1000);
    await stopped;
    this.given = undefined;
    this.timedOut.length = 0;
    // A new run does not know what stood there in the one before (decision 26).
    this.copy = undefined;
    const anchor = findAnchor(this.text);
    const tail = anchor === undefined ? this.text : this.text.slice(anchor.end);
    for (const block of this.blocks) block.isHistory ||= tail.includes(block.code);
    await this.boot("soon");
  }

  /** Acts now, or at a call that the server makes meanwhile. */
  async during(calls: number, act: (call: string) => void): Promise<void> {
    const { clock } = this.world;
    if (calls === 0) return act("");
    await this.settled();
    let isDone = false;
    this.#inside = {
      left: calls,
      act: () => {
        isDone = true;
        act(this.#call);
      },
    };
    // A tick, events or a result make the server write.
    void this.realm.diagnostic("something to write");
    await clock.settle();
    this.#inside = undefined;
    if (!isDone) act("");
    await clock.advance(1500);
  }

  #lengths: EndLengths | undefined;
  #call = "";
  /** Somebody is in the middle of a save. */
  #writing = false;

  #called(call: string, name: string): void {
    if (this.#inside === undefined || !(name === file || name.startsWith(`${directory}/.vitrine`)))
      return;
    this.#call = call;
    if (--this.#inside.left > 0) return;
    const { act } = this.#inside;
    this.#inside = undefined;
    act();
  }

  chunk(most: number, { heading, note }: { heading: boolean; note: boolean }): string {
    // Without an anchor only the last fence of a file is a request (4.3).
    const blocks = findAnchor(this.text) === undefined ? 1 : most;
    const parts = Array.from({ length: blocks }, () => {
      const code = `u${count++}()`;
      this.blocks.push({ code, isHistory: false });
      this.lines.push(code);
      return `\`\`\`js\n${code}\n\`\`\``;
    });
    if (note) {
      const words = `Note ${count++}.`;
      this.lines.push(words);
      parts.unshift(words);
    }
    if (heading) parts.unshift(`### \u{1F5E3}agent${count++} to p at 00:00:00`);
    return `\n${parts.join("\n\n")}\n`;
  }

  append(chunk: string): void {
    const { memory } = this.world;
    if (memory.text(file) === undefined) return memory.replace(file, chunk);
    memory.open(file).append(chunk);
  }

  /** Whatever others have saved is known to the server: who overwrites what nobody has seen takes it away. */
  async settled(): Promise<void> {
    await this.look();
    await this.world.clock.advance(1000);
  }

  /** The copy an agent has, unless what it lacks could only be understood as taken away. */
  base(): string {
    const { text, copy } = this;
    const anchor = findAnchor(text);
    const below = copy?.slice(findAnchor(copy)?.end ?? 0) ?? "";
    if (openFence(below) !== undefined) return text;
    const isForgotten = this.world.clock.now() - this.copiedAt > 58_000;
    if (copy === undefined || anchor === undefined || isForgotten) return text;
    return copy.startsWith(text.slice(0, anchor.end)) || this.realm.log.known !== text
      ? text
      : copy;
  }

  saveStale({ note, style }: { note: boolean; style: Style }, call: string): void {
    const base = this.base();
    const chunk = this.chunk(1, { heading: false, note });
    this.save(`${base}${base === "" || base.endsWith("\n") ? "" : "\n"}${chunk}`, style, call);
  }

  saveEdit({ place, style }: { place: number; style: Style }, call: string): void {
    const base = this.base();
    const limit = findAnchor(base)?.start ?? 0;
    const gaps = [...base.slice(0, limit).matchAll(/\n\n(?=[A-Z#])/g)].map(
      ({ index }) => index + 2,
    );
    if (gaps.length === 0) return;
    const at = gaps[place % gaps.length]!;
    const line = `Edit ${count++}.`;
    this.lines.push(line);
    this.save(`${base.slice(0, at)}${line}\n\n${base.slice(at)}`, style, call);
  }

  deleteRegion(style: Style): void {
    const { text } = this;
    const region = findRegion(text);
    // What another agent has written into it is theirs.
    const isOurs = region !== undefined && !text.slice(region.start, region.end).includes("Edit ");
    if (region !== undefined && isOurs)
      this.save(text.slice(0, region.start) + text.slice(region.end), style, "");
  }

  save(text: string, style: Style, call: string): void {
    const { memory, clock } = this.world;
    const isThere = memory.text(file) !== undefined;
    // A rename between the server's last look and its own rename is the window that nothing can close (19.3, rule 4).
    if (!isThere || (style === "rename" && call === "")) return memory.replace(file, text);
    const open = memory.open(file);
    if (style !== "truncate first") return open.write(text);
    open.write("");
    this.#writing = true;
    clock.after(100, () => {
      open.write(text);
      this.#writing = false;
    });
  }

  /** Lets everything come to its end. */
  async finish(): Promise<void> {
    const { clock } = this.world;
    await this.step({ kind: "complete" });
    for (let round = 0; round < 60; round++) {
      await this.look();
      await clock.advance(700);
      if (this.realm.job === undefined && round > 2) break;
      if (this.given === undefined) await this.step({ kind: "take" });
      await this.step({ kind: "result", ok: true });
    }
    await clock.advance(10_000);
    await this.look();
  }

  check(): void {
    const { text } = this;
    const where = (): string => text;
    const anchor = findAnchor(text);
    if (this.blocks.some(({ isHistory }) => !isHistory)) {
      expect(text.match(/^> Append your/gm), where()).toHaveLength(1);
      const tail = text.slice(anchor?.end);
      expect(tail, where()).not.toMatch(/^####? \u{1F44D}|^executing/mu);
    }
    for (const line of this.lines)
      expect(
        text.split(/\r?\n/).filter((one) => one === line).length,
        `${line} in\n${text}`,
      ).toBeGreaterThan(0);
    expect(this.ran, where()).toEqual([...new Set(this.ran)]);
    const replies = text
      .split(/\r?\n/)
      .filter((line) => readReplyHeading(line) !== undefined && !line.endsWith(" late"));
    expect(
      replies.filter((line) => !/\(.*\)$/.test(line)),
      where(),
    ).toEqual([]);
    const asked = this.blocks.filter(({ isHistory }) => !isHistory);
    expect(replies.length, `${JSON.stringify(this.blocks)}\n${text}`).toBe(asked.length);
    for (const { code } of this.blocks.filter(({ isHistory }) => isHistory))
      expect(this.ran, where()).not.toContain(code);
    for (const value of this.values)
      expect(text.split(value).length - 1, `${value} in\n${text}`).toBe(1);
    for (const seen of this.seen) {
      expect(seen.startsWith("#"), seen).toBe(true);
      expect(seen.match(/^> Append your/gm), seen).toHaveLength(1);
    }
  }
}
