/** What must hold after a torture. */
import { expect } from "vitest";
import { answersTo, repliesOf, type TortureResult } from "./log-torture.ts";

export function expectNothingLost(result: TortureResult): void {
  const { asked, executions, text, torn } = result;
  expect(torn).toEqual([]);
  for (const id of asked) {
    expect(text.split(`\nNote ${id}.\n`).length - 1, `note ${id}\n${text}`).toBe(1);
    expect(text.split(`run("${id}")`).length - 1, `block ${id}\n${text}`).toBe(1);
    expect(executions.get(id) ?? 0, `executions of ${id}`).toBeLessThanOrEqual(1);
  }
  const answers = answersTo(text);
  expect(answers.map(({ id }) => id).toSorted()).toEqual(asked.toSorted());
  const excuse =
    /the realm asked for new work|the server stopped|not executed: an earlier block|the server was shut down/;
  for (const { id, texts } of answers) {
    expect(texts, `replies to ${id}\n${text}`).toHaveLength(1);
    const isDone = texts[0]!.includes(`done ${id}\n`);
    if (isDone) expect(executions.get(id), id).toBe(1);
    else expect(texts[0], `reply to ${id}`).toMatch(excuse);
  }
  expect(repliesOf(text)).toHaveLength(asked.length);
  expect(text.match(/^> Append your/gm)).toHaveLength(1);
  expect(text).toMatch(/\n> Append your[^\n]*\n\n\n$/);
}

export function describeTorture({
  asked,
  executions,
  kills,
  reads,
  ways,
  text,
}: TortureResult): string {
  const done = asked.filter((id) => text.includes(`done ${id}\n`)).length;
  const saves = Object.entries(ways).map(([way, count]) => `${count} ${way}`);
  return `torture: ${asked.length} appends (${saves.join(", ")}), ${executions.size} executed, ${done} answered with their value, ${kills} kills, ${reads} reads`;
}
