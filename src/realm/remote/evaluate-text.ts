/** Runs a job that comes as text (REPL specification 13.1): which form it has is decided by compiling, so that it runs once. */
import { errorFrom } from "../realm-error.ts";
import { logValue } from "../log-value.ts";

/** What is posted of it, beside the events. */
export interface TextOutcome {
  readonly ok: boolean;
  readonly value?: unknown;
  readonly valueNote?: string;
  readonly error?: string;
}

/** Characters of a value in a log. */
const valueCharacters = 64 * 1024;

type AsyncFunctionMaker = new (code: string) => () => Promise<unknown>;
const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as AsyncFunctionMaker;
const { parse } = JSON;

/** Never rejects. */
export async function evaluateText(code: string): Promise<TextOutcome> {
  try {
    return { ok: true, ...valueOf(await compile(code)()) };
  } catch (error) {
    if (error instanceof EvalError)
      return { ok: false, error: `This page's content policy forbids eval: ${error.message}` };
    const { name, message, stack } = errorFrom(error);
    return { ok: false, error: stack === "" ? `${name}: ${message}` : stack };
  }
}

/** As an expression; where it is none, as statements. */
function compile(code: string): () => Promise<unknown> {
  try {
    // The line feed ends a comment behind the expression.
    return new AsyncFunction(`return (${code}\n)`);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return new AsyncFunction(code);
  }
}

function valueOf(value: unknown): Pick<TextOutcome, "value" | "valueNote"> {
  const shown = logValue(value, valueCharacters);
  if (shown.kind === "undefined") return {};
  const { text, missing } = shown;
  if (missing > 0) return { value: `${text}\n... (${missing} more characters omitted) ...` };
  if (shown.kind === "text") return { value: text };
  const note = shown.note === undefined ? {} : { valueNote: shown.note };
  return { value: parse(text) as unknown, ...note };
}
