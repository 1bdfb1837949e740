/** How a started back end says that it serves (dev-servers 4.4). */
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { UserError } from "../../../protocol/errors.ts";
import { quoted } from "../../quoted.ts";
import type { CommandLine } from "../commands/command.ts";
import { guardedRegExp } from "../problems/guarded-regexp.ts";
import type { Handshake } from "../project-config.ts";

export interface HandshakeWait {
  /** What the back end printed. */
  line(line: CommandLine): void;
  /** Its address as it was said, empty when none was. Rejects with what a person can do. */
  readonly answered: Promise<string>;
}

/** Ms between two tries to reach an address, and for one of them. */
const retryMs = 100;
const tryMs = 1000;
/** Of the plugins of Go: the version of the handshake itself. */
const goPluginCore = "1";

/** @param signal ends the waiting: the back end exited, or is no longer wanted */
export function awaitHandshake(handshake: Handshake, signal: AbortSignal): HandshakeWait {
  if (handshake.type === "none") return { line() {}, answered: Promise.resolve("") };
  const { timeoutMs } = handshake;
  const over = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const wait = handshakeOf(handshake, over);
  const late = new Promise<never>((_resolve, reject) => {
    over.addEventListener(
      "abort",
      () => reject(signal.aborted ? cancelled() : tooLate(handshake)),
      {
        once: true,
      },
    );
  });
  return { line: wait.line, answered: Promise.race([wait.answered, late]) };
}

function handshakeOf(
  handshake: Exclude<Handshake, { type: "none" }>,
  over: AbortSignal,
): HandshakeWait {
  switch (handshake.type) {
    case "go-plugin":
      return ofLines((line) => (line.stream === "stdout" ? goPluginAddress(line.text) : undefined));
    case "regex":
      return ofLines(addressIn(handshake.pattern));
    case "tcp":
      return polled(() => reachesPort(handshake.addr), handshake.addr, over);
    case "http":
      return polled(() => answersBelow500(handshake.url), handshake.url, over);
  }
}

/** `CORE|APP|NETWORK|ADDR|PROTOCOL`, with more parts in later versions. */
function goPluginAddress(text: string): string | undefined {
  const [core = "", app, network, address, protocol] = text.trim().split("|");
  if (protocol === undefined || !/^\d+$/.test(core) || !/^\d+$/.test(app ?? "")) return undefined;
  if (core !== goPluginCore)
    throw new UserError(
      "incompatible",
      `The back end speaks version ${quoted(core)} of the plugin handshake, not ${goPluginCore}. Build it with a go-plugin that does`,
    );
  return network === "unix" ? `unix:${address}` : (address ?? "");
}

function addressIn(pattern: string): (line: CommandLine) => string | undefined {
  const match = guardedRegExp(pattern);
  return ({ text }) => {
    const found = match(text);
    if (found === undefined) return undefined;
    const { url, addr, port } = found.groups ?? {};
    return url ?? addr ?? (port === undefined ? "" : `127.0.0.1:${port}`);
  };
}

function ofLines(addressOf: (line: CommandLine) => string | undefined): HandshakeWait {
  let take: ((line: CommandLine) => void) | undefined;
  const answered = new Promise<string>((resolve, reject) => {
    take = (line) => {
      try {
        const address = addressOf(line);
        if (address === undefined) return;
        resolve(address);
      } catch (error) {
        reject(error);
      }
      // All else that it prints in its life is no handshake.
      take = undefined;
    };
  });
  return { line: (line) => take?.(line), answered };
}

function polled(
  answers: () => Promise<boolean>,
  address: string,
  over: AbortSignal,
): HandshakeWait {
  const poll = async (): Promise<string> => {
    while (!over.aborted) {
      if (await answers()) return address;
      await delay(retryMs);
    }
    // The waiting was ended, and has its own reason.
    return new Promise(() => {});
  };
  return { line() {}, answered: poll() };
}

/** Throws `config_failed` when it is no `host:port`. */
function reachesPort(address: string): Promise<boolean> {
  const found = /^(?:\[(.+)\]|([^:]+)):(\d+)$/.exec(address);
  if (found === null)
    throw new UserError(
      "config_failed",
      `${quoted(address)} is no address. Write host:port into handshake.addr in vitrine.json`,
    );
  const [, six, name] = found;
  return new Promise((resolve) => {
    const socket = connect({ host: six ?? name ?? "", port: Number(found[3]), timeout: tryMs });
    const end = (reached: boolean): void => {
      socket.destroy();
      resolve(reached);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
}

async function answersBelow500(url: string): Promise<boolean> {
  if (!URL.canParse(url) || !/^https?:/i.test(url))
    throw new UserError(
      "config_failed",
      `${quoted(url)} is no web address. Write one with http:// into handshake.url in vitrine.json`,
    );
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(tryMs), redirect: "manual" });
    await answer.body?.cancel();
    return answer.status < 500;
  } catch {
    // Not yet.
    return false;
  }
}

function tooLate(handshake: Exclude<Handshake, { type: "none" }>): UserError {
  return new UserError(
    "start_timeout",
    `The back end did not come up within ${handshake.timeoutMs / 1000} s: ${missing(handshake)}. Look at its output, or change backend.run.handshake in vitrine.json`,
  );
}

function missing(handshake: Exclude<Handshake, { type: "none" }>): string {
  switch (handshake.type) {
    case "go-plugin":
      return "it printed no line like 1|1|tcp|127.0.0.1:42367|grpc";
    case "regex":
      return `it printed no line that matches ${quoted(handshake.pattern)}`;
    case "tcp":
      return `nothing listens on ${handshake.addr}`;
    case "http":
      return `${handshake.url} does not answer`;
  }
}

function cancelled(): UserError {
  return new UserError("cancelled", "The start of the back end was cancelled");
}
