/** Stacks of failures as a person reads them: without the frames of the runner and of the page's client. */

/** `at name (where:5:30)`, `at where:5:30`, and `name@where:5:30` of other browsers. */
const frame = /^\s+at |^[^@\s]*@\S+:\d+:\d+$/;
/** Modules of ours, below whatever base they are served. */
const ours = /\/-(?:daebug-node:|vitrine\/)[^\s)]*:\d+:\d+\)?$/;
const withAddress = /:\d+:\d+\)?$/;

/** The text of a stack without our own frames; all of it when no other frame would be left. */
export function withoutRunner(stack: string): string {
  const kept: string[] = [];
  for (const line of stack.split("\n")) {
    if (!frame.test(line) || !ours.test(line)) {
      kept.push(line);
      continue;
    }
    // What the engine puts between the runner and the test, `new Promise (<anonymous>)`, says nothing alone.
    while (kept.length > 0 && isEngine(kept.at(-1) ?? "")) kept.pop();
  }
  return kept.some((line) => frame.test(line) && withAddress.test(line)) ? kept.join("\n") : stack;
}

function isEngine(line: string): boolean {
  return /^\s+at /.test(line) && !withAddress.test(line);
}

/** An error of the runner itself. Where in the runner it was made is of use to nobody. */
export function runnerError(message: string): Error {
  const error = new Error(message);
  error.stack = `Error: ${message}`;
  return error;
}
