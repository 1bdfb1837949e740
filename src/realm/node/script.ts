/** Evaluates a compiled block in the global scope of this process, as a page evaluates a classic script. */
import vm from "node:vm";
import type { RealmError } from "../../protocol/realm.ts";
import { errorFrom } from "../realm-error.ts";

/**
 * @param name name of the script in stack frames
 * @returns why it could not be parsed, undefined when it ran; what its block does is the evaluator's matter
 */
export function runScript(code: string, name: string): RealmError | undefined {
  try {
    const script = new vm.Script(code, {
      filename: name,
      importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    });
    script.runInThisContext({ displayErrors: false });
    return undefined;
  } catch (error) {
    return withPlace(errorFrom(error), name);
  }
}

/** Node puts the place of a parse error above its message, with a caret; everywhere else it is a frame. */
function withPlace(error: RealmError, name: string): RealmError {
  const [head = "", , caret = ""] = error.stack.split("\n");
  const line = head.startsWith(`${name}:`) ? Number(head.slice(name.length + 1)) : Number.NaN;
  if (Number.isNaN(line)) return error;
  const column = caret.search(/\S/) + 1;
  return {
    ...error,
    stack: `${error.name}: ${error.message}\n    at ${name}:${line}:${Math.max(column, 1)}`,
  };
}
