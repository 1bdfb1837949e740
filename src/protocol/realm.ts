/**
 * What the server and a realm say to each other: JSON text over the WebSocket `<base>-vitrine/realm` of the page's
 * own origin, or the same objects over the IPC channel of a Node realm.
 */

import type { ConsoleEntry, RealmKind, TestTotals } from "./model.ts";
import type { PluginFacts } from "./plugins.ts";

/** WebSocket sub-protocol; the credential travels beside it as `token.<credential>`. */
export const REALM_SUBPROTOCOL = "vitrine.realm.1";

/** Limits of what a realm sends; it cuts before it sends (decision 34). */
export const REALM_LIMITS = {
  /** Characters of a value's text. */
  valueCharacters: 256 * 1024,
  /** The same in logs. */
  logValueCharacters: 64 * 1024,
  /** Characters of one console line. */
  lineCharacters: 16 * 1024,
  /** Console lines kept of one run: the first 2 and the last 8 are shown, the rest counted. */
  runLines: 2000,
  /** Console lines and uncaught errors of one second; what is more is counted in one `warn` line. */
  eventsPerSecond: 100,
} as const;

/** What became of one import specifier, resolved as Vite's import analysis would. */
export interface ResolvedImport {
  readonly specifier: string;
  /** Address to `import()`, empty when it could not be resolved. */
  readonly url: string;
  /** The module is CommonJS behind a default export; names are taken from it. */
  readonly interop: boolean;
  /** Why it could not be resolved. */
  readonly error?: string;
}

/** An error thrown by a block, as the realm saw it. Stack frames still name the generated script. */
export interface RealmError {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}

/** A value as text. */
export type RealmValue =
  | { readonly kind: "undefined" }
  | {
      /** JSON with 2-space indent. */
      readonly kind: "json";
      readonly text: string;
      /** Characters that were cut. */
      readonly missing: number;
      /** Only in logs: the value has no JSON, this is a copy made safe. */
      readonly note?: "not plain JSON";
    }
  /** A string as it is; only in logs. */
  | { readonly kind: "text"; readonly text: string; readonly missing: number };

/** One console line of a run. */
export interface RunEvent {
  readonly level: ConsoleEntry["level"];
  readonly text: string;
}

/** On the client's script element: the policy of the page is known to allow inline scripts, with the element's nonce if it has one. */
export const INLINE_ATTRIBUTE = "data-vitrine-inline";

export interface RunRequest {
  readonly type: "run";
  readonly job: string;
  /** Bindings with the same scope name live together: one per document. */
  readonly scope: string;
  /** Path of the compiled script below the page's base (`-vitrine/block/<job>.js`); page realms load it. */
  readonly script: string;
  /** The compiled script itself; Node realms and workers evaluate it, and pages that allow inline scripts. */
  readonly code: string;
  /** Name of the script in stack frames of a Node realm. */
  readonly scriptName: string;
  /** Absolute path of the document, from which imports resolve. */
  readonly file: string;
  /** Literal specifiers resolved ahead; others are asked for by `resolve`. Empty for Node realms. */
  readonly imports: readonly ResolvedImport[];
  /**
   * How values become text. `document` (default): anything can be shown. `log`: ordinary JSON rules, strings bare (REPL
   * specification 8).
   */
  readonly values?: "document" | "log";
  /** Characters of the value's text, at most and by default those of `REALM_LIMITS` for documents and logs. */
  readonly valueCharacters?: number;
}

/** How a realm reports tests while they run (REPL specification 12.4). */
export interface TestProgress {
  readonly realmName: string;
  readonly complete: boolean;
  /** ISO 8601. */
  readonly reportedAt: string;
  readonly totals: TestTotals;
  /** Ms since the run began. */
  readonly duration: number;
  /** Tests that ended since the last message; skipped ones only at the end. */
  readonly recentTests?: readonly ReportedTest[];
  /** With `complete`: all tests, in order of their end. */
  readonly allTests?: readonly ReportedTest[];
}

export interface ReportedTest {
  readonly name: string;
  /** Names of its suites joined by ` > `. */
  readonly suite: string | null;
  readonly status: "pass" | "fail" | "skip";
  /** Ms. */
  readonly duration: number;
  readonly error: string | null;
  /** ISO 8601. */
  readonly completedAt: string;
}

/** A service worker that is registered for pages of the session. */
export interface ServiceWorkerFacts {
  /** Address of its script. */
  readonly url: string;
  readonly scope: string;
  /** As the browser says it: `activated`. */
  readonly state: string;
}

/** Which listener heard an error that nobody caught. */
export type ErrorSource =
  | "window.onerror"
  | "self.onerror"
  | "unhandledrejection"
  | "uncaughtException";

export type ToRealm =
  | { readonly type: "welcome"; readonly realm: string; readonly name: string }
  | RunRequest
  | { readonly type: "resolved"; readonly ask: number; readonly result: ResolvedImport }
  | { readonly type: "reload" }
  /** To a page: its companion worker is wanted; it says hello, or `worker-failed` comes (REPL specification 13.2). */
  | { readonly type: "worker" }
  /** To a page: end the companion worker, whatever it does, and start it anew. */
  | { readonly type: "restart-worker" }
  /** To a page: what it runs was stopped. Code goes on, but tests in a frame of their own end. */
  | { readonly type: "stop" }
  /** To a page that shows plugins: all of them, in the order of its configuration. */
  | { readonly type: "plugins"; readonly plugins: readonly PluginFacts[] }
  | { readonly type: "ping" };

export type FromRealm =
  | {
      readonly type: "hello";
      readonly kind: RealmKind;
      /** Random per document, kept over a reload of the same tab: tells a reload from a duplicated tab. */
      readonly instance: string;
      /** The name it had before, empty at first. */
      readonly name: string;
      readonly url: string;
      readonly title: string;
      /** Indexes of frames from the top window to this one, empty for a top page or the panel's frame. */
      readonly frame: string;
      /** Instance of the realm it belongs to: a frame's top page, a worker's page, frame or worker. */
      readonly parent?: string;
      /** What a worker is called: its name, else the stem of its file. The server makes the realm's name of it. */
      readonly label?: string;
      /** It is the companion worker of its parent. */
      readonly companion?: boolean;
    }
  | { readonly type: "navigated"; readonly url: string; readonly title: string }
  | {
      readonly type: "console";
      readonly entries: readonly {
        level: ConsoleEntry["level"];
        text: string;
        at: number;
        /** Frames of the caller, without ours; absent when lines came too fast. */
        stack?: string;
        /** The run during which it was written: these lines are also among the events of its `finished`. */
        job?: string;
      }[];
      /** Entries dropped because the channel was down. */
      readonly dropped: number;
    }
  /** An error nobody caught, or an unhandled rejection. */
  | {
      readonly type: "uncaught";
      readonly error: RealmError;
      readonly at: number;
      /** Where it was heard. */
      readonly source: ErrorSource;
      /** The run during which it was heard; it is also among the events of its `finished`. */
      readonly job?: string;
    }
  /** A run began; an answer to `run` that shows the realm is not blocked. */
  | { readonly type: "started"; readonly job: string }
  | {
      readonly type: "finished";
      readonly job: string;
      readonly value?: RealmValue;
      readonly error?: RealmError;
      /** What the block gave to `display()`, in order; absent when nothing. */
      readonly outputs?: readonly RealmValue[];
      readonly events: readonly RunEvent[];
      /** Events between the first and last kept that were left out. */
      readonly missing: number;
      /** Duration in ms. */
      readonly ms: number;
    }
  | {
      readonly type: "resolve";
      readonly ask: number;
      readonly file: string;
      readonly specifier: string;
    }
  /** From a page: its companion worker did not answer for so long and was ended. `restarted`: another one takes its place. */
  | { readonly type: "worker-timeout"; readonly silentMs: number; readonly restarted: boolean }
  /** From a page: its companion worker cannot be started, and why, in one sentence. */
  | { readonly type: "worker-failed"; readonly message: string }
  /** From a page: the complete list of service workers that are registered below its base. */
  | { readonly type: "service-workers"; readonly workers: readonly ServiceWorkerFacts[] }
  | {
      readonly type: "test-progress";
      /** The run that started the tests. */
      readonly job: string;
      readonly progress: TestProgress;
    }
  /** From a page: the dev server of a plugin that it shows is to be started, anew if it runs. */
  | { readonly type: "restart-plugin"; readonly id: string }
  | { readonly type: "pong" };
