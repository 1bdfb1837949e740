/** What a realm's poll for work may be told: whatever has a body is run as code by clients that look at nothing else. */
import type { Answer } from "./response-headers.ts";

/** The same answer; without a body when the request polls `-daebug-channel` (REPL 13.1 and 14). */
export function harmlessToPolls(
  answer: Answer,
  request: { readonly method?: string | undefined; readonly url?: string | undefined },
): Answer {
  const isPoll =
    request.method === "GET" && /\/-daebug-channel\/?(?:\?|$)/i.test(request.url ?? "");
  if (!isPoll) return answer;
  const { "content-type": _type, ...headers } = answer.headers;
  return { status: answer.status, headers: { ...headers, "content-length": "0" }, body: "" };
}
