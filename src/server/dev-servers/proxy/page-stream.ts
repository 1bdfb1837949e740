/** Puts the page client at the beginning of a page's head while the page streams through. */
import { Transform, type TransformCallback } from "node:stream";
import { escapeAttribute, policiesIn, scanTags, type HtmlTag } from "../../html-tags.ts";
import { nonceIn } from "./page-policies.ts";

export interface PageStreamOptions {
  /** Public base of the page, with a slash at both ends. */
  readonly base: string;
  /** Policies that the server sends with the page. */
  readonly policies: readonly string[];
}

/** Bytes that are held back at most until the head of the page is known. */
const longestHead = 64 * 1024;
const headEnd = /<\/head\s*>|<body[\s>]/i;
/** What an inserted text of ASCII would break: UTF-16 by its byte order mark. */
const utf16 = /^(?:\xff\xfe|\xfe\xff)/;

/**
 * Bytes in, bytes out. Only the head is held back, because its policies decide what the client needs; the body goes on as
 * it comes. As `latin1` a byte is a character, so that any encoding in which ASCII is ASCII keeps its bytes.
 */
export function createPageStream(options: PageStreamOptions): Transform {
  /** Undefined once the head has gone on. */
  let head: string | undefined = "";
  const take = (): Buffer => {
    const text = withClient(head ?? "", options);
    head = undefined;
    return Buffer.from(text, "latin1");
  };
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      if (head === undefined) return done(null, chunk);
      head += chunk.toString("latin1");
      if (head.length < longestHead && !headEnd.test(head)) return done();
      done(null, take());
    },
    flush(done) {
      if (head === undefined) done();
      else done(null, take());
    },
  });
}

/** @param text the beginning of a page, its head included, as `latin1` */
export function withClient(text: string, { base, policies }: PageStreamOptions): string {
  if (utf16.test(text) || text.trim() === "") return text;
  const tags = scanTags(text);
  const nonce = nonceIn([...policies, ...policiesIn(tags).map(({ policy }) => policy)]);
  const extra = nonce === undefined ? "" : ` nonce="${escapeAttribute(nonce)}"`;
  const address = escapeAttribute(base);
  const script = `<script src="${address}-vitrine/page.js" data-vitrine-base="${address}"${extra}></script>`;
  const at = placeIn(text, tags);
  return text.slice(0, at) + script + text.slice(at);
}

/** Before every script of the page, and behind its doctype, or the page would be in quirks mode. */
function placeIn(text: string, tags: readonly HtmlTag[]): number {
  const begin = (name: string): HtmlTag | undefined =>
    tags.find((tag) => tag.name === name && !tag.isEnd);
  const script = begin("script")?.start ?? text.length;
  const place = [begin("head"), begin("html")].find(
    (tag) => tag !== undefined && tag.end <= script,
  );
  // Comments may stand before the doctype.
  const doctype = /^(?:\xef\xbb\xbf)?(?:\s|<!--[^]*?-->)*(?:<!doctype[^>]*>)?/i.exec(text);
  return place?.end ?? doctype?.[0].length ?? 0;
}
