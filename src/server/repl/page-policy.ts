/** What the content policies of a page say about inline scripts. */
import { readDirectives, scriptSources } from "../content-policy.ts";
import { policiesIn, type HtmlTag } from "../html-tags.ts";

export interface InlinePolicy {
  /** An inline script needs this nonce. */
  readonly nonce: string | undefined;
  /** Inline scripts do not run, and no nonce is known. */
  readonly forbidsInline: boolean;
  /** Where the first policy begins to hold. */
  readonly start: number;
}

/** @param sent policies that come with the page, beside those in its own meta elements */
export function readPolicy(tags: readonly HtmlTag[], sent: readonly string[] = []): InlinePolicy {
  const policies = policiesIn(tags);
  const sources = [...sent, ...policies.map(({ policy }) => policy)].map((policy) =>
    scriptSources(readDirectives(policy)),
  );
  const restricting = sources.filter((list) => list !== undefined);
  const nonces = restricting.map((list) => list.flatMap((source) => nonceOf(source) ?? [])[0]);
  // With several policies all have to agree; one nonce serves them only when it is the same.
  const nonce = nonces.find((one) => one !== undefined);
  const agrees = restricting.every((list, index) => nonces[index] === nonce || allowsInline(list));
  return {
    nonce: agrees ? nonce : undefined,
    forbidsInline: !agrees || (nonce === undefined && !restricting.every(allowsInline)),
    start: policies[0]?.start ?? 0,
  };
}

function nonceOf(source: string): string | undefined {
  return /^'nonce-([\w+/=-]+)'$/i.exec(source)?.[1];
}

function allowsInline(sources: readonly string[]): boolean {
  // Beside a nonce or a hash browsers ignore the word.
  return (
    sources.some((source) => source.toLowerCase() === "'unsafe-inline'") &&
    !sources.some((source) => /^'(?:nonce-|sha\d+-|strict-dynamic)/i.test(source))
  );
}
