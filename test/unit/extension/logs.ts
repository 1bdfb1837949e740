/** Logs for tests: REPLs and files, complete, changed where a test says so. */
import type { Lines } from "../../../src/extension/logs/log-headings.ts";
import type { Translate } from "../../../src/extension/tree-texts.ts";
import type { Log, Repl } from "../../../src/protocol/model.ts";

export const name = "7-zen-1201-03";

export const t: Translate = (text, ...values) =>
  text.replace(/\{(\d)\}/g, (_whole, index: string) => String(values[Number(index)]));

export function log(change: Partial<Log> = {}): Log {
  const own = change.name ?? name;
  return {
    name: own,
    file: `/projects/shop/daebug/${own}.md`,
    exists: true,
    kind: "page",
    url: "http://127.0.0.1:15173/cart",
    state: "live",
    lastFailed: false,
    lastSeen: 3_600_000,
    ...change,
  };
}

export function repl(change: Partial<Repl> = {}): Repl {
  return { root: "/projects/shop", state: { name: "on" }, logs: [log()], ...change };
}

export function linesOf(text: string): Lines {
  const lines = text.split("\n");
  return { count: lines.length, at: (line) => lines[line] ?? "" };
}

export const anchor = `${"-".repeat(70)}
> Append your JavaScript snippet below to execute against this page.

`;

/** Two answered requests, the second with two blocks of which one is being executed; a note; the anchor. */
export const sample = `# ${name} Session

A log.

## Short Guide

- bullets

---

## First look

### 🗣️agent to ${name} at 09:34:50
\`\`\`js
1 + 1
\`\`\`

#### 👍${name} to agent at 09:34:50 (4ms)
\`\`\`JSON
2
\`\`\`
##### ☑️console.log
\`\`\`Text console.log
one 09:34:50
\`\`\`

### 🗣️alice to ${name} at 09:41:00
\`\`\`js
a = 41
\`\`\`

#### 🚫${name} to alice at 09:41:00 (7ms)
\`\`\`Error
ReferenceError: a is not defined
\`\`\`

then

\`\`\`ts
a + 1
\`\`\`

#### 👍${name} to alice at 09:41:00
##### 🆘console.warn
\`\`\`Text console.warn
slow 09:41:01
\`\`\`
executing (5s)

(then I will look at the network)

${anchor}`;
