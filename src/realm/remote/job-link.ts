/** Where the jobs of a realm come from that asks for them, and where its messages go (REPL specification 14). */

export interface TextJob {
  readonly id: string;
  readonly code: string;
}

export interface JobLink {
  /** The next job; undefined when there was none for a while. */
  next(): Promise<TextJob | undefined>;
  /** Rejects when the server could not be told. */
  post(message: object): Promise<void>;
}

/** A page may patch it. */
const ask = globalThis.fetch.bind(globalThis);

/** @param address of the channel, with name and url */
export function httpLink(address: string, headers: Readonly<Record<string, string>> = {}): JobLink {
  return {
    async next() {
      const answer = await ask(address, { headers, cache: "no-cache" });
      const code = await answer.text();
      const id = answer.headers.get("x-job-id");
      return answer.ok && code !== "" && id !== null ? { id, code } : undefined;
    },
    async post(message) {
      const answer = await ask(address, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify(message),
      });
      if (!answer.ok) throw new Error(`The server answered ${answer.status}`);
    },
  };
}

/** Address of the channel of a realm. @param base with a slash at its end */
export function channelAddress(
  base: string,
  realm: Readonly<Record<"name" | "url", string>>,
  more: Readonly<Record<string, string>> = {},
): string {
  return `${base}-daebug-channel?${new URLSearchParams({ ...realm, ...more }).toString()}`;
}
