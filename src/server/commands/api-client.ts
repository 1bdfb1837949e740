/** The REPL's HTTP API, called by a verb of the command line: the server of a folder, found by what it told this user. */
import { UserError } from "../../protocol/errors.ts";
import { readServers } from "../state-directory.ts";

export interface ServerAddress {
  readonly url: string;
  readonly token: string;
}

/** The server of a root, with the token that its discovery file tells the user alone. */
export async function serverOf(root: string): Promise<ServerAddress | undefined> {
  const server = (await readServers()).find(({ folders }) => folders.includes(root));
  return server === undefined ? undefined : { url: server.gateway, token: server.token };
}

export interface ApiCall {
  /** Below the API's root, with its query. */
  readonly path: string;
  /** Posted; without it the path is read. */
  readonly body?: object;
  readonly signal?: AbortSignal;
}

/** @throws UserError with what the server says against it; TypeError when it cannot be reached */
export async function callApi(
  { url, token }: ServerAddress,
  root: string,
  { path, body, signal }: ApiCall,
): Promise<Record<string, unknown>> {
  const address = new URL(`${url}/-daebug${path}`);
  address.searchParams.set("root", root);
  const answer = await fetch(address, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
  const text = await answer.text();
  const result = text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
  if (answer.ok) return result;
  const { message } = (result["error"] ?? {}) as { message?: string };
  throw new UserError("not_found", message ?? `The server answered ${answer.status}`);
}
