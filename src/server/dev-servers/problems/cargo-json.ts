/** `cargo build --message-format=json`: one message of rustc per line. */
import { existsSync } from "node:fs";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { BuildError, RelatedPlace } from "../../../protocol/dev-server.ts";
import type { ProblemReader } from "./matcher-reader.ts";
import { placeFile, type BuildPlace } from "./places.ts";

interface Span {
  readonly file_name: string;
  readonly line_start: number;
  readonly line_end: number;
  /** 1-based, in characters. */
  readonly column_start: number;
  /** Behind the last character. */
  readonly column_end: number;
  readonly is_primary: boolean;
  readonly label: string | null;
  readonly expansion: { readonly span: Span } | null;
}

interface Diagnostic {
  readonly message: string;
  readonly level: string;
  readonly code: { readonly code: string } | null;
  readonly spans: readonly Span[];
  readonly children: readonly Diagnostic[];
  /** As rustc would print it. */
  readonly rendered: string | null;
}

interface CargoLine {
  readonly reason: string;
  readonly manifest_path?: string;
  readonly message?: Diagnostic;
}

export function createCargoJsonReader(place: BuildPlace): ProblemReader {
  return {
    read(line) {
      const { reason, message, manifest_path } = parse(line) ?? {};
      if (reason !== "compiler-message" || message === undefined) return [];
      const folder = path.dirname(manifest_path ?? path.join(place.cwd, "Cargo.toml"));
      const error = toError(message, folder, place);
      return error === undefined ? [] : [error];
    },
    end: () => [],
    shown(line) {
      const parsed = parse(line);
      if (parsed === undefined) return line;
      // Colours that were asked for stand in there escaped, so nobody has removed them yet.
      return stripVTControlCharacters(parsed.message?.rendered ?? "").trimEnd() || undefined;
    },
  };
}

function parse(line: string): CargoLine | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line) as CargoLine;
  } catch {
    // Printed by a build script, or cut.
    return undefined;
  }
}

function toError(message: Diagnostic, folder: string, place: BuildPlace): BuildError | undefined {
  // A summary of what the other messages say.
  if (/^aborting due to |^\d+ warnings? emitted/.test(message.message)) return undefined;
  const severity = severityOf(message.level);
  const primary = message.spans.find((span) => span.is_primary) ?? message.spans[0];
  const base = {
    severity,
    message: message.message,
    source: "rustc",
    ...(message.code !== null && { code: message.code.code }),
  };
  // A linker says no place.
  if (primary === undefined) {
    const file = path.join(folder, "Cargo.toml");
    return severity === "error" ? { ...base, file, line: 1, column: 1 } : undefined;
  }
  const span = written(primary);
  const related = relatedOf(message, folder, place);
  return {
    ...base,
    file: fileOf(span, folder, place),
    line: span.line_start,
    column: span.column_start,
    endLine: span.line_end,
    endColumn: span.column_end,
    ...(related.length > 0 && { related }),
  };
}

function relatedOf(message: Diagnostic, folder: string, place: BuildPlace): RelatedPlace[] {
  const labels = message.spans
    .filter((span) => !span.is_primary && span.label !== null)
    .map((span) => ({ span, text: span.label ?? "" }));
  const notes = message.children.flatMap((child) =>
    child.spans.map((span) => ({ span, text: child.message })),
  );
  return [...labels, ...notes].map(({ span, text }) => {
    const { line_start: line, column_start: column } = written(span);
    return { file: fileOf(written(span), folder, place), line, column, message: text };
  });
}

/** Within a macro of a library the place that counts is where somebody wrote its name. */
function written(span: Span): Span {
  return span.expansion !== null && span.file_name.startsWith("<")
    ? written(span.expansion.span)
    : span;
}

/** Names are relative to the Cargo workspace, which may be a folder above that of the package. */
function fileOf(span: Span, folder: string, place: BuildPlace): string {
  const { exists = existsSync } = place;
  for (let at = folder; ; at = path.dirname(at)) {
    const file = path.resolve(at, span.file_name);
    if (exists(file)) return file;
    if (path.dirname(at) === at) return placeFile(span.file_name, place);
  }
}

function severityOf(level: string): BuildError["severity"] {
  if (level.startsWith("error")) return "error";
  return level === "warning" ? "warning" : "info";
}
