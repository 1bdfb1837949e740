/** The REPL's HTTP API, called by a verb of the command line: the server of a folder, found by what it told this user. */
import { fromWire, UserError, type WireError } from "../../protocol/errors.ts";
import { readServers } from "../state-directory.ts";
import { isInside } from "../vite-host/watcher.ts";

export interface ServerAddress {
  readonly url: string;
  readonly token: string;
}

/** The server of a root, with the token that its discovery file tells the user alone. */
export async function serverOf(root: string): Promise<ServerAddress | undefined> {
  const server = (await readServers()).find(({ folders }) => folders.includes(root));
  return server === undefined ? undefined : { url: server.gateway, token: server.token };
}

/**
 * The server whose folder is the nearest around a directory, or the one that `VITRINE_SERVER` names by its process id.
 * @throws UserError `not_found`
 */
export async function serverAround(directory: string): Promise<ServerAddress> {
  const servers = await readServers();
  const named = process.env["VITRINE_SERVER"];
  const distance = (folder: string): number =>
    isInside(directory, folder) ? directory.length - folder.length : Infinity;
  const distances = servers.map((server) => ({
    server,
    away: named === undefined ? Math.min(...server.folders.map(distance)) : 0,
  }));
  const [nearest] = distances
    .filter(({ server }) => named === undefined || String(server.pid) === named)
    .toSorted((one, other) => one.away - other.away);
  if (nearest !== undefined && nearest.away !== Infinity)
    return { url: nearest.server.gateway, token: nearest.server.token };
  throw new UserError(
    "not_found",
    `No Vitrine server runs for ${directory}. Open the folder in the editor and use Vitrine there, or run vitrine dev in it`,
  );
}

/** Calls a method of the control API. @throws UserError with what the server says against it, or `server_gone` */
export async function callMethod<Result>(
  { url, token }: ServerAddress,
  name: string,
  parameters: object,
): Promise<Result> {
  const answer = await fetch(`${url}/api/${name}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(parameters),
  }).catch((cause: unknown) => {
    throw new UserError("server_gone", `The server at ${url} ended. Start it again`, { cause });
  });
  const said = (await answer.json()) as { result?: Result; error?: WireError };
  if (said.error !== undefined) throw fromWire(said.error);
  return said.result as Result;
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
