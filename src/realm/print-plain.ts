/** A plain tree and its text: JSON, but for `-0`, which JSON does not know. */

/** An object, or what is shown as one, as its keys and values in order. */
export interface Fields {
  readonly fields: readonly (readonly [string, Plain])[];
}

/** A value that was read: a tree without cycles and getters. */
export type Plain = string | number | boolean | null | readonly Plain[] | Fields;

/** Columns up to which a list of numbers, or a whole console value, stays on one line. */
export const lineWidth = 100;

/** As JSON with 2-space indent; a list of numbers runs on. `indent` is that of the line it begins on. */
export function print(plain: Plain, indent: string): string {
  if (plain === null || typeof plain !== "object") return printLeaf(plain);
  const inner = `${indent}  `;
  if ("fields" in plain) {
    if (plain.fields.length === 0) return "{}";
    const lines = plain.fields.map(
      ([key, value]) => `${inner}${JSON.stringify(key)}: ${print(value, inner)}`,
    );
    return `{\n${lines.join(",\n")}\n${indent}}`;
  }
  if (plain.length === 0) return "[]";
  if (plain.every((item) => typeof item === "number")) return printNumbers(plain, indent);
  return `[\n${plain.map((item) => inner + print(item, inner)).join(",\n")}\n${indent}]`;
}

function printLeaf(plain: string | number | boolean | null): string {
  return Object.is(plain, -0) ? "-0" : JSON.stringify(plain);
}

function printNumbers(numbers: readonly number[], indent: string): string {
  const lines: string[] = [];
  let line = "";
  for (const text of numbers.map(printLeaf)) {
    const longer = line === "" ? text : `${line}, ${text}`;
    if (indent.length + longer.length > lineWidth) lines.push(line);
    line = indent.length + longer.length > lineWidth ? text : longer;
  }
  if (lines.length === 0) return `[${line}]`;
  return `[\n${[...lines, line].map((one) => `${indent}  ${one}`).join(",\n")}\n${indent}]`;
}

/** As JSON on one line, however long. */
export function printOnLine(plain: Plain): string {
  if (plain === null || typeof plain !== "object") return printLeaf(plain);
  if (!("fields" in plain)) return `[${plain.map(printOnLine).join(", ")}]`;
  if (plain.fields.length === 0) return "{}";
  return `{ ${plain.fields.map(([key, value]) => `${JSON.stringify(key)}: ${printOnLine(value)}`).join(", ")} }`;
}
