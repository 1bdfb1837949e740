/** How a server that is started by a command is told where to listen, and how it says where it does. */
import path from "node:path";
import { isLoopback } from "../../dev-servers/external/loopback.ts";

export interface Listen {
  readonly port: number;
  /** Path under which the outside reaches it, with a slash at both ends: pages name their modules by it. */
  readonly prefix: string;
}

/** The command with the flags of 4.1.5. npm alone keeps flags for itself that do not stand behind `--`. */
export function listenAt(command: readonly string[], { port, prefix }: Listen): readonly string[] {
  const flags = ["--port", String(port), "--strictPort", "--host", "127.0.0.1"];
  if (prefix !== "/") flags.push("--base", prefix);
  const separator = isNpm(command[0] ?? "") && !command.includes("--") ? ["--"] : [];
  return [...command, ...separator, ...flags];
}

function isNpm(program: string): boolean {
  // A path of either system; on Windows npm is a `.cmd`.
  return /^npm(?:\.(?:cmd|exe|ps1))?$/i.test(path.win32.basename(program));
}

/**
 * The address of a line such as `  ➜  Local:   http://localhost:5173/app/`; a port alone will do.
 * @param text without ANSI sequences
 */
export function printedAddress(text: string): URL | undefined {
  const [, said = ""] = /\bLocal:\s*(.+)$/i.exec(text) ?? [];
  const [address = ""] = /https?:\/\/[^\s"'<>(),]+/i.exec(said) ?? [];
  if (address !== "") {
    const url = URL.canParse(address) ? new URL(address) : undefined;
    return url === undefined || url.port === "" ? undefined : url;
  }
  const [, port = ""] = /(?:^|:)(\d{2,5})(?![\d.])/.exec(said) ?? [];
  return port !== "" && Number(port) <= 65_535 ? new URL(`http://127.0.0.1:${port}/`) : undefined;
}

/**
 * Where to ask for what it announced, literal addresses alone: what `localhost` means differs, and a server may have bound
 * either of its two. With a slash at the end.
 */
export function addressesToAsk({ protocol, hostname, port, pathname }: URL): readonly string[] {
  const named = hostname === "localhost" ? "[::1]" : hostname;
  const hosts = new Set(["127.0.0.1", ...(isLoopback(named) ? [named] : [])]);
  const base = pathname.replace(/\/?$/, "/");
  return [...hosts].map((host) => `${protocol}//${host}:${port}${base}`);
}
