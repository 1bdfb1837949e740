/**
 * The top fields of a YAML document that are texts of one line, which is all that plugin metadata needs. A whole parser was
 * tried: `yaml` 2.9.1 took minutes for 64 KiB of `? `, and this runs where nothing may wait. Linear.
 */

/** @returns the value of each name that stands at the beginning of a line; undefined for one that is no text of one line */
export function yamlFields(
  text: string,
  names: readonly string[],
): Map<string, string | undefined> {
  const found = new Map<string, string | undefined>();
  for (const line of firstDocument(text)) {
    const [, quote = "", name = "", closing = "", value = ""] =
      /^(["']?)([\w-]+)(["']?)[ \t]*:(?:[ \t]+(.*))?$/.exec(line) ?? [];
    if (quote !== closing || !names.includes(name) || found.has(name)) continue;
    found.set(name, scalarOf(value.trim()));
  }
  return found;
}

/** Content of texts and blocks is indented, so whatever begins a line is a key of the top. */
function firstDocument(text: string): readonly string[] {
  const lines = text.replace(/^\u{FEFF}/u, "").split(/\r\n|\r|\n/);
  const begin = lines.findIndex((line) => line.startsWith("---")) + 1;
  // A marker ends the document when keys stand above it.
  const isHeader = lines.slice(0, begin).every((line) => /^(?:---|%|#|\s*$)/.test(line));
  const from = isHeader ? begin : 0;
  const rest = lines.slice(from);
  const end = rest.findIndex((line) => /^(?:---|\.\.\.)(?:\s|$)/.test(line));
  return end < 0 ? rest : rest.slice(0, end);
}

/** Text of a plain or quoted scalar; undefined for collections, blocks, references and what does not end in its line. */
function scalarOf(value: string): string | undefined {
  if (value.startsWith('"')) {
    const [, inner] = /^("(?:[^"\\]|\\.)*")[ \t]*(?:#.*)?$/.exec(value) ?? [];
    return inner === undefined ? undefined : unescaped(inner);
  }
  if (value.startsWith("'")) {
    const [, inner] = /^'((?:[^']|'')*)'[ \t]*(?:#.*)?$/.exec(value) ?? [];
    return inner?.replaceAll("''", "'");
  }
  const comment = /(?:^|[ \t])#/.exec(value);
  const plain = (comment ? value.slice(0, comment.index) : value).trim();
  return plain === "" || /^[[\]{},&*!|>%@`]/.test(plain) ? undefined : plain;
}

/** The escapes that YAML shares with JSON; with others the text is unreadable to us. */
function unescaped(quoted: string): string | undefined {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return undefined;
  }
}
