/** `tsc --pretty`: the header of a finding, the lines of its code with the range underlined, places that are related. */
import type { BuildError, RelatedPlace } from "../../../protocol/dev-server.ts";
import type { ProblemReader } from "./matcher-reader.ts";
import { placeFile, type BuildPlace } from "./places.ts";

const header = /^(\S.*?):(\d+):(\d+) - (error|warning|info) (TS\d+) ?: (.*)$/;
const relatedHeader = /^ {2}(\S.*?):(\d+):(\d+)(?: - (.*))?$/;
/** The gutter of a code line; below it follows the line with the marks. */
const gutter = /^ *\d+ /;
const underline = /^( +)(~+)\s*$/;

interface Open {
  error: BuildError;
  related: RelatedPlace[];
  /** Code was shown: what follows belongs to related places. */
  hasCode: boolean;
}

export function createTscPrettyReader(place: BuildPlace): ProblemReader {
  let open: Open | undefined;

  const end = (): readonly BuildError[] => {
    const finished = open;
    open = undefined;
    if (finished === undefined) return [];
    const { error, related } = finished;
    return [related.length === 0 ? error : { ...error, related }];
  };

  return {
    end,
    read(line) {
      const found = header.exec(line);
      if (found !== null) {
        const before = end();
        open = { error: errorOf(found, place), related: [], hasCode: false };
        return before;
      }
      if (open !== undefined) follow(open, line, place);
      return [];
    },
  };
}

/** A line below the header: a reason of the message, its code and the marks below that, or the same of a related place. */
function follow(open: Open, line: string, place: BuildPlace): void {
  const { error, related } = open;
  const other = open.hasCode ? relatedHeader.exec(line) : null;
  if (other !== null) {
    related.push(relatedOf(other, place));
    return;
  }
  if (gutter.test(line)) {
    open.hasCode = true;
    return;
  }
  const [, , marks] = underline.exec(line) ?? [];
  const last = related.at(-1);
  if (marks !== undefined) {
    // Of a range over several lines only the first is known; marks below a related place are not its own.
    const isOwn = last === undefined && error.endColumn === undefined;
    const end = { endLine: error.line, endColumn: error.column + marks.length };
    if (isOwn) open.error = { ...error, ...end };
    return;
  }
  if (!open.hasCode && /^ +\S/.test(line))
    open.error = { ...error, message: `${error.message}\n${line.trimEnd()}` };
  else if (last?.message === "" && /^ {4}\S/.test(line))
    related.splice(-1, 1, { ...last, message: line.trim() });
}

function errorOf(found: RegExpExecArray, place: BuildPlace): BuildError {
  const [, file = "", line, column, severity, code = "", message = ""] = found;
  return {
    file: placeFile(file, place),
    line: Number(line),
    column: Number(column),
    severity: severity === "warning" || severity === "info" ? severity : "error",
    code,
    message,
    source: "tsc",
  };
}

function relatedOf(
  [, file = "", line, column, message = ""]: RegExpExecArray,
  place: BuildPlace,
): RelatedPlace {
  return {
    file: placeFile(file, place),
    line: Number(line),
    column: Number(column),
    message,
  };
}
