/** The tags of an HTML text with their places. What looks like a tag in comments, scripts and other raw text is none. */

export interface HtmlTag {
  /** Lower case, without a slash. */
  readonly name: string;
  readonly isEnd: boolean;
  readonly start: number;
  /** Behind the `>`. */
  readonly end: number;
  /** Of scripts and the like: where the end tag begins, or the text ends. */
  readonly contentEnd: number;
  /** Names in lower case; the first of a name counts. */
  readonly attributes: ReadonlyMap<string, string>;
}

const rawText: ReadonlySet<string> = new Set([
  "script",
  "style",
  "textarea",
  "title",
  "xmp",
  "iframe",
  "noembed",
  "noframes",
  "noscript",
]);

/** Linear in the length of the text. */
export function scanTags(html: string): readonly HtmlTag[] {
  const tags: HtmlTag[] = [];
  for (let at = html.indexOf("<"); at >= 0; at = html.indexOf("<", at)) {
    if (html.startsWith("<!--", at)) {
      const end = html.indexOf("-->", at + 2);
      at = end < 0 ? html.length : end + 3;
      continue;
    }
    const name = nameAt(html, at);
    if (name === undefined) {
      at += 1;
      continue;
    }
    const tag = readTag(html, at, name);
    tags.push(tag);
    at = tag.contentEnd;
  }
  return tags;
}

const tagStart = /<(\/?)([a-z][^\s/>]*)/iy;

function nameAt(html: string, at: number): RegExpExecArray | undefined {
  tagStart.lastIndex = at;
  return tagStart.exec(html) ?? undefined;
}

function readTag(html: string, start: number, found: RegExpExecArray): HtmlTag {
  const name = (found[2] ?? "").toLowerCase();
  const isEnd = found[1] === "/";
  const { attributes, end } = readAttributes(html, start + found[0].length);
  const contentEnd = isEnd || !rawText.has(name) ? end : endOfRawText(html, name, end);
  return { name, isEnd, start, end, contentEnd, attributes };
}

const attribute = /[\s/]*(?:([^\s/>=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]*)))?|>)/y;

function readAttributes(
  html: string,
  from: number,
): { attributes: Map<string, string>; end: number } {
  const attributes = new Map<string, string>();
  attribute.lastIndex = from;
  for (let found = attribute.exec(html); found !== null; found = attribute.exec(html)) {
    const [, name, ...values] = found;
    if (name === undefined) return { attributes, end: attribute.lastIndex };
    const value = values.find((text) => text !== undefined) ?? "";
    if (!attributes.has(name.toLowerCase())) attributes.set(name.toLowerCase(), unescaped(value));
    from = attribute.lastIndex;
  }
  // Something odd, or the end: the tag goes on to the next `>`.
  const end = html.indexOf(">", from);
  return { attributes, end: end < 0 ? html.length : end + 1 };
}

function endOfRawText(html: string, name: string, from: number): number {
  const end = new RegExp(`</${name}(?=[\\s/>])`, "gi");
  end.lastIndex = from;
  return end.exec(html)?.index ?? html.length;
}

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  quot: '"',
  apos: "'",
  lt: "<",
  gt: ">",
};

/** The references that are used in attributes; others stay as they are. */
function unescaped(value: string): string {
  return value.replace(/&(?:#(\d{1,6})|#x([\da-f]{1,6})|(amp|quot|apos|lt|gt));/gi, (...groups) => {
    const [whole, decimal, hexadecimal, name] = groups as string[];
    if (name !== undefined) return entities[name.toLowerCase()] ?? whole ?? "";
    const code = Number.parseInt(decimal ?? hexadecimal ?? "", decimal === undefined ? 16 : 10);
    return code <= 0x10_ff_ff ? String.fromCodePoint(code) : (whole ?? "");
  });
}

/** The content security policies that a page states itself, in meta elements, with where each stands. */
export function policiesIn(
  tags: readonly HtmlTag[],
): readonly { readonly policy: string; readonly start: number }[] {
  return tags
    .filter(
      ({ name, isEnd, attributes }) =>
        !isEnd &&
        name === "meta" &&
        attributes.get("http-equiv")?.trim().toLowerCase() === "content-security-policy",
    )
    .map(({ attributes, start }) => ({ policy: attributes.get("content") ?? "", start }));
}

/** A text as it stands between double quotes. */
export function escapeAttribute(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}
