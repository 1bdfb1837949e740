/**
 * What serves the pages of a session. Three things can: a Vite host of ours, a command of the project, or a process that
 * somebody else started. They have one shape, and the session does not know which one it owns.
 */
import type { Problem, Project, Session } from "../../../protocol/model.ts";
import type { Streaming } from "../../../protocol/packs.ts";
import type { CompositePart } from "../../../protocol/vite-host.ts";
import type { Ports } from "../../dev-servers/ports.ts";
import type { Log } from "../../log.ts";
import type { Tenant } from "../../vite-host/tenants.ts";
import type { ProcessKeeper } from "../../vite-host/vite-host.ts";
import type { ViteHosts } from "../../vite-host/vite-hosts.ts";
import type { Addresses } from "../addresses.ts";
import type { Caches } from "../caches.ts";

export interface UiServer {
  readonly kind: "vite" | "command" | "attached";
  facts(): UiFacts;
  /** Takes the address of the pages, if it has none yet. It stays the same until the release. */
  reserve(): Promise<void>;
  /**
   * Resolves when it serves. After a failure something may be left, which `stop` ends.
   * @param signal it is no longer wanted: the start fails at once
   * @throws UserError
   */
  start(signal: AbortSignal): Promise<UiRun>;
  /** The pages that show the project as a plugin may be other ones. Resolves when they are let in. */
  recompose(): Promise<void>;
  /** Whether it answers at all, whatever it says. */
  isAnswering(): Promise<boolean>;
  /** It has not answered for a while. What others suffer from as well is ended. */
  lost?(): void;
  /** Ends what was started here, and nothing else. The address is kept. */
  stop(): Promise<void>;
  /** Gives the address back. Nothing runs any more. */
  release(): Promise<void>;
}

export interface UiRun {
  /** It ended without being asked to. Never resolves for a process that is not ours. */
  readonly exited: Promise<UiExit>;
}

export interface UiExit {
  readonly code: "vite_crashed" | "server_gone";
  /** One sentence with its full stop: what comes next is said behind it. */
  readonly message: string;
  readonly lastLines: readonly string[];
  /** It shared a process with others, and nothing says that it ended it. */
  readonly isInnocent?: boolean;
}

export interface UiFacts {
  /** Of the pages; 0 before the first reservation. */
  readonly port: number;
  readonly addresses: Addresses | undefined;
  /** Where the server itself listens; differs from that of the pages behind the proxy. Empty while it is not known. */
  readonly serverUrl: string;
  /** 0 when none runs. */
  readonly pid: number;
  /** Empty when unknown. */
  readonly viteVersion: string;
  readonly notices: readonly string[];
  readonly problems: readonly Problem[];
  /** Only a Vite host of ours can be asked about modules. */
  readonly vite: Tenant["methods"] | undefined;
}

type UiSnapshot = Pick<
  Session,
  "port" | "url" | "outsideUrl" | "pid" | "viteVersion" | "notices" | "problems"
>;

/** What a session tells of its UI server, also before it has one. */
export function snapshotOf(facts: UiFacts | undefined): UiSnapshot {
  return {
    port: facts?.port ?? 0,
    url: facts?.addresses?.url ?? "",
    outsideUrl: facts?.addresses?.outsideUrl ?? "",
    pid: facts?.pid ?? 0,
    viteVersion: facts?.viteVersion ?? "",
    notices: facts?.notices ?? [],
    problems: facts?.problems ?? [],
  };
}

/** What all of them are made of. */
export interface UiParts {
  readonly project: Project;
  readonly ports: Ports;
  readonly log: Log;
  readonly keeper: ProcessKeeper;
  readonly viteHosts: ViteHosts;
  readonly caches: Caches;
  /** Local socket or pipe of the realm channel. */
  readonly pipe: string;
  externalAddress(port: number): Promise<string>;
  streaming(): Streaming;
  /** What the project is in composite previews now. */
  composite(): CompositePart;
  /** What it is doing now, in words for the waiting state. */
  step(text: string): void;
  /** Whether a person asked for the packages to be installed with this start. Asked once per start. */
  installsNow(): boolean;
  /** A file was edited, as far as it can tell. */
  edited(): void;
  /** Some fact is another one than before. */
  changed(): void;
}

/** Ms from a start until it serves (dev-servers 4.1.6). */
export const startTimeoutMs = 30_000;
