/** A realm in the hands of a test: it polls and posts when it is told to (REPL specification 14). */
export interface PollAnswer {
  readonly status: number;
  readonly id: string | null;
  readonly code: string;
  readonly headers: Headers;
}

export interface BareRealm {
  readonly name: string;
  readonly address: string;
  poll(signal?: AbortSignal): Promise<PollAnswer>;
  /** Polls until a job comes. */
  job(): Promise<PollAnswer>;
  post(message: unknown): Promise<{ readonly status: number; readonly body: string }>;
}

export function bareRealm(
  origin: string,
  name: string,
  url = `${origin}/`,
  headers: Readonly<Record<string, string>> = {},
): BareRealm {
  const address = `${origin}/-daebug-channel?name=${encodeURIComponent(name)}&url=${encodeURIComponent(url)}`;
  const realm: BareRealm = {
    name,
    address,
    async poll(signal) {
      const answer = await fetch(address, { headers, ...(signal === undefined ? {} : { signal }) });
      const code = await answer.text();
      return {
        status: answer.status,
        id: answer.headers.get("x-job-id"),
        code,
        headers: answer.headers,
      };
    },
    async job() {
      for (;;) {
        const answer = await realm.poll();
        if (answer.id !== null) return answer;
      }
    },
    async post(message) {
      const answer = await fetch(address, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: typeof message === "string" ? message : JSON.stringify(message),
      });
      return { status: answer.status, body: await answer.text() };
    },
  };
  return realm;
}
