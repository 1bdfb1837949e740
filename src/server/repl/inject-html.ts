/** Puts our import map and the realm client into a page (REPL 12.1 and 13.5). Pure: text in, text out. */
import { INLINE_ATTRIBUTE } from "../../protocol/realm.ts";
import { escapeAttribute, scanTags, type HtmlTag } from "../html-tags.ts";
import { definedBy, mergeImportMap } from "./import-maps.ts";
import { readPolicy, type InlinePolicy } from "./page-policy.ts";

export interface Injection {
  /** Public base with a slash at both ends. */
  readonly base: string;
  /** Source of the page client; absent when only the import map is wanted. */
  readonly client?: string;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export function injectHtml(html: string, { base, client }: Injection): string {
  const tags = scanTags(html);
  const policy = readPolicy(tags);
  const edits = mapEdits(html, tags, base, policy);
  if (client !== undefined) {
    const at =
      tags.find(({ name, isEnd }) => isEnd && name === "body") ??
      tags.find(({ name, isEnd }) => isEnd && name === "html");
    const start = at?.start ?? html.length;
    edits.push({ start, end: start, text: clientScript(client, base, policy) });
  }
  // From the end, so that places stay where they were found; of two at one place the client stands behind the map.
  const backwards = edits.toReversed().toSorted((one, other) => other.start - one.start);
  let result = html;
  // Slices, because `replace` would read `$&` in our text.
  for (const { start, end, text } of backwards)
    result = result.slice(0, start) + text + result.slice(end);
  return result;
}

function mapEdits(
  html: string,
  tags: readonly HtmlTag[],
  base: string,
  policy: InlinePolicy,
): Edit[] {
  const maps = tags.filter(isImportMap);
  // An external map is served by us as well, and gets our modules there.
  if (maps.some(({ attributes }) => attributes.has("src"))) return [];
  const texts = maps.map((tag) => html.slice(tag.end, tag.contentEnd));
  const [first] = maps;
  // A policy without a nonce may know the page's map by its hash: it stays as it is, and ours stands beside it.
  if (first !== undefined && !policy.forbidsInline) {
    const merged = mergeImportMap(texts[0] ?? "", base, new Set(texts.slice(1).flatMap(definedBy)));
    if (merged !== undefined)
      return [{ start: first.end, end: first.contentEnd, text: `\n${inScript(merged)}\n` }];
  }
  const text = inScript(mergeImportMap("{}", base, new Set(texts.flatMap(definedBy))) ?? "{}");
  const start = Math.min(first?.start ?? html.length, placeOfMap(html, tags, policy));
  const element = `<script type="importmap"${nonceAttribute(policy)}>\n${text}\n</script>\n`;
  return [{ start, end: start, text: element }];
}

/** Before `</head>`, and never behind what could load a module, because a map that comes later may be ignored. */
function placeOfMap(html: string, tags: readonly HtmlTag[], policy: InlinePolicy): number {
  const find = (name: string, isEnd: boolean): number | undefined =>
    tags.find((tag) => tag.name === name && tag.isEnd === isEnd)?.start;
  const place =
    find("head", true) ?? find("script", false) ?? find("body", false) ?? endOfDoctype(html);
  const loader = tags.find(loadsModules)?.start ?? place;
  // A policy in the page holds from its element on; what stands before it needs no nonce.
  const barrier = policy.forbidsInline ? policy.start : place;
  return Math.min(place, loader, barrier);
}

/** The front of the page. In front of its doctype, anything would put the page into quirks mode. */
function endOfDoctype(html: string): number {
  return /^\ufeff?\s*(?:<!doctype[^>]*>\s*)?/i.exec(html)?.[0].length ?? 0;
}

function loadsModules({ name, isEnd, attributes }: HtmlTag): boolean {
  if (isEnd) return false;
  if (name === "link") return /\bmodulepreload\b/i.test(attributes.get("rel") ?? "");
  return name === "script" && attributes.get("type")?.toLowerCase() === "module";
}

function isImportMap({ name, isEnd, attributes }: HtmlTag): boolean {
  return (
    !isEnd && name === "script" && attributes.get("type")?.trim().toLowerCase() === "importmap"
  );
}

function clientScript(client: string, base: string, policy: InlinePolicy): string {
  const attributes = `data-vitrine-base="${escapeAttribute(base)}"${nonceAttribute(policy)}`;
  if (policy.forbidsInline)
    return `<script src="${escapeAttribute(base)}-daebug-client.js" ${attributes}></script>\n`;
  return `<script ${attributes} ${INLINE_ATTRIBUTE}>${inScript(client)}</script>\n`;
}

function nonceAttribute({ nonce }: InlinePolicy): string {
  return nonce === undefined ? "" : ` nonce="${escapeAttribute(nonce)}"`;
}

/** Neither ends the element nor begins a comment in it; JSON and the strings of JavaScript mean the same by it. */
function inScript(text: string): string {
  return text.replace(/<(?=\/script|!--)/gi, "\\u003c");
}
