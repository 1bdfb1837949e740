/** Regular expressions of other people: they may be wrong, and they may take longer than the universe lasts. */
import { createContext, Script } from "node:vm";
import { UserError } from "../../../protocol/errors.ts";
import { quoted } from "../../quoted.ts";

/** Characters of a line that are matched: a place stands at its beginning, and many patterns take quadratic time. */
export const matchedLength = 4096;
/** Ms. Long enough for a machine that is busy with something else; an exponential pattern passes any limit. */
const limitMs = 1000;

const execute = new Script("expression.exec(text)");

export type Match = (text: string) => RegExpExecArray | undefined;

/** Throws `config_failed` when it is no regular expression; the answer throws it when a line takes too long. */
export function guardedRegExp(source: string): Match {
  const context = createContext({ expression: compile(source), text: "" });
  return (text) => {
    context["text"] = text.slice(0, matchedLength);
    try {
      return (
        (execute.runInContext(context, { timeout: limitMs }) as RegExpExecArray | null) ?? undefined
      );
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw cause;
      throw new UserError(
        "config_failed",
        `The regular expression ${quoted(source)} of a problem matcher took longer than ${limitMs} ms for one line. Write it without nested repetition`,
        { cause },
      );
    }
  };
}

/** For our own ones. */
export function plainRegExp(source: string): Match {
  const expression = compile(source);
  return (text) => expression.exec(text.slice(0, matchedLength)) ?? undefined;
}

function compile(source: string): RegExp {
  try {
    return new RegExp(source);
  } catch (cause) {
    throw new UserError(
      "config_failed",
      `${quoted(source)} in a problem matcher is no regular expression: ${(cause as Error).message.replace(/^.*: /, "")}. Correct it in vitrine.json`,
      { cause },
    );
  }
}
