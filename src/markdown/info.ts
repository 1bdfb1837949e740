/** The words behind an opening fence, and the attributes of our comments: `name` or `name=value`, between white space. */

/** Languages of blocks that run in a document (decision 32). */
export type BlockLanguage = "js" | "mjs" | "jsx" | "ts" | "mts" | "tsx";

const LANGUAGES: ReadonlyMap<string, BlockLanguage> = new Map([
  ["js", "js"],
  ["javascript", "js"],
  ["mjs", "mjs"],
  ["jsx", "jsx"],
  ["ts", "ts"],
  ["typescript", "ts"],
  ["mts", "mts"],
  ["tsx", "tsx"],
]);

/** What an info string says about a block. */
export interface BlockInfo {
  /** Names or kinds of realms of `realm=a,b`, in order; empty when the fence names none. */
  readonly realms: readonly string[];
  /** An error is the expected result (decision 37). */
  readonly throws: boolean;
  /** All words behind the language. */
  readonly attributes: Attributes;
}

/** The value is empty for a word without `=`. */
export type Attributes = Readonly<Partial<Record<string, string>>>;

/** The language that a fence names; undefined when a block of it is not to be run. */
export function languageOf(info: string): BlockLanguage | undefined {
  return LANGUAGES.get((/^[^\s{,]*/.exec(info)?.[0] ?? "").toLowerCase());
}

export function parseInfo(info: string): BlockInfo {
  const [, ...words] = info.split(/\s+/);
  const attributes = parseAttributes(words);
  const realms = (attributes["realm"] ?? "").split(",").filter((realm) => realm !== "");
  return { realms: [...new Set(realms)], throws: attributes["throws"] === "", attributes };
}

/** The first of several attributes with one name counts. */
export function parseAttributes(words: readonly string[]): Attributes {
  // Names come from the document: no prototype, so that none of them means anything.
  const attributes = Object.create(null) as Record<string, string>;
  for (const word of words) {
    const equals = word.indexOf("=");
    const name = equals < 0 ? word : word.slice(0, equals);
    if (name !== "") attributes[name] ??= equals < 0 ? "" : word.slice(equals + 1);
  }
  return attributes;
}
