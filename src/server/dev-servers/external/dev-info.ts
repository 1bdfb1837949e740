/** The text of a `.devinfo` file, which any program may have written (dev-servers 6.1 and 15). Pure. */
import * as v from "valibot";
import type { DevInfo } from "../../../protocol/dev-server.ts";
import { UserError } from "../../../protocol/errors.ts";
import { quoted } from "../../quoted.ts";
import { isAllowedHost, parseAddress } from "./loopback.ts";

/** Bytes. */
export const largestDevInfo = 64 * 1024;

export interface DevInfoRules {
  /** Names one of which `pluginId` has to be, when the file says one. Empty = any. */
  readonly names: readonly string[];
  /** Hosts that the user allows beside loopback. */
  readonly allowedHosts: readonly string[];
}

/** What the operating systems take for a process id: beyond it, the question itself would fail. */
const largestPid = 2 ** 31 - 1;
const text = v.pipe(v.string(), v.maxLength(1024));

const shape = v.looseObject({
  pid: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(largestPid)),
  protocol: v.optional(v.pipe(text, v.nonEmpty()), "grpc"),
  protocolVersion: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 1),
  addr: v.optional(text),
  vitePort: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535)), 0),
  pluginId: v.optional(text),
  version: v.optional(text),
  startedAt: v.optional(v.pipe(text, v.isoTimestamp())),
  viteUrl: v.optional(text),
  // The path is asked for: no query, no way out, nothing that only an attacker would write there.
  viteBase: v.optional(v.pipe(text, v.regex(/^\/(?:[\w~@-][\w.~@-]*\/)*$/))),
  // A number of ticks on Linux, a date elsewhere.
  procStart: v.optional(v.pipe(v.union([text, v.number()]), v.transform(String))),
});

/**
 * Reads and checks the text; defaults applied, unknown fields kept.
 * @throws UserError `invalid_devinfo` that names the field and its value
 */
export function parseDevInfo(content: string, { names, allowedHosts }: DevInfoRules): DevInfo {
  const parsed = v.safeParse(shape, parseJson(content), { abortEarly: true });
  if (!parsed.success) throw fieldError(parsed.issues[0]);
  const { addr = "", vitePort, viteUrl, pluginId } = parsed.output;
  if (pluginId !== undefined && names.length > 0 && !names.includes(pluginId))
    throw invalid(
      `pluginId is ${quoted(pluginId)} where ${quoted(names[0] ?? "")} belongs; correct it, or move the file to its own project`,
    );
  if (parsed.output.addr === "" || (addr === "" && vitePort === 0 && viteUrl === undefined))
    throw invalid("addr is empty; write host:port of the back end, or vitePort for a UI alone");
  if (addr !== "") checkAddress(addr, allowedHosts);
  if (viteUrl !== undefined) checkUrl(viteUrl, allowedHosts);
  // The schema has told each optional field apart from an absent one; the type of the contract wants them absent.
  return { ...parsed.output, addr } as DevInfo;
}

/** Where its UI is served, with a slash at the end; empty when it has none. */
export function uiAddress({ viteUrl, vitePort, viteBase = "/" }: DevInfo): string {
  if (viteUrl === undefined) return vitePort === 0 ? "" : `http://127.0.0.1:${vitePort}${viteBase}`;
  const { origin, pathname } = new URL(viteUrl);
  const path = pathname === "/" ? viteBase : pathname;
  return origin + (path.endsWith("/") ? path : `${path}/`);
}

/** Port of the UI, 0 when it has none. */
export function uiPort(info: DevInfo): number {
  if (info.viteUrl === undefined) return info.vitePort;
  const { port, protocol } = new URL(info.viteUrl);
  return port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
}

function parseJson(content: string): unknown {
  try {
    return JSON.parse(content.replace(/^\ufeff/, "")) as unknown;
  } catch (cause) {
    throw invalid("it is no complete JSON; write it to .devinfo.tmp and rename that", cause);
  }
}

function checkAddress(addr: string, allowedHosts: readonly string[]): void {
  const address = parseAddress(addr);
  if (address === undefined) throw invalid(`addr is ${quoted(addr)}; write host:port`);
  if (!isAllowedHost(address.host, allowedHosts)) throw foreignHost("addr", addr);
}

function checkUrl(viteUrl: string, allowedHosts: readonly string[]): void {
  const url = URL.canParse(viteUrl) ? new URL(viteUrl) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:"))
    throw invalid(`viteUrl is ${quoted(viteUrl)}; write an address that begins with http or https`);
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
    throw invalid(`viteUrl is ${quoted(viteUrl)}; leave out user, query and fragment`);
  if (!isAllowedHost(url.hostname, allowedHosts)) throw foreignHost("viteUrl", viteUrl);
}

function foreignHost(field: string, value: string): UserError {
  return invalid(
    `${field} is ${quoted(value)}, which is not on this machine; use 127.0.0.1, or allow the host in the settings`,
  );
}

function fieldError(issue: v.BaseIssue<unknown>): UserError {
  const field = v.getDotPath(issue);
  if (field === "pid") return invalid(`Invalid PID ${shown(issue.input)}; write the process id`);
  if (field === null) return invalid("it is no JSON object; write one with pid and addr");
  return invalid(`${field} is ${shown(issue.input)}; ${issue.message}`);
}

function shown(value: unknown): string {
  return typeof value === "string" ? quoted(value) : quoted(JSON.stringify(value) ?? "missing");
}

function invalid(reason: string, cause?: unknown): UserError {
  return new UserError("invalid_devinfo", `The .devinfo was not accepted: ${reason}`, { cause });
}
