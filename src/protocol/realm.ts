/**
 * What the server and a realm say to each other: JSON text over the WebSocket `<base>-vitrine/realm` of the page's
 * own origin, or the same objects over the IPC channel of a Node realm.
 */

import type { ConsoleEntry, RealmKind } from "./model.ts";

/** WebSocket sub-protocol; the credential travels beside it as `token.<credential>`. */
export const REALM_SUBPROTOCOL = "vitrine.realm.1";

/** Limits of what a realm sends; it cuts before it sends (decision 34). */
export const REALM_LIMITS = {
  /** Characters of a value's text. */
  valueCharacters: 256 * 1024,
  /** Characters of one console line. */
  lineCharacters: 16 * 1024,
  /** Console lines kept of one run: the first 2 and the last 8 are shown, the rest counted. */
  runLines: 2000,
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

/** A value as text. `text` is JSON (2-space indent) for `json`. */
export type RealmValue =
  | { readonly kind: "undefined" }
  | {
      readonly kind: "json";
      readonly text: string;
      /** Characters that were cut. */ readonly missing: number;
    };

/** One console line of a run. */
export interface RunEvent {
  readonly level: ConsoleEntry["level"];
  readonly text: string;
}

export interface RunRequest {
  readonly type: "run";
  readonly job: string;
  /** Bindings with the same scope name live together: one per document. */
  readonly scope: string;
  /** Path of the compiled script below the page's base (`-vitrine/block/<job>.js`); page realms load it. */
  readonly script: string;
  /** The compiled script itself; Node realms evaluate it. */
  readonly code: string;
  /** Name of the script in stack frames of a Node realm. */
  readonly scriptName: string;
  /** Absolute path of the document, from which imports resolve. */
  readonly file: string;
  /** Literal specifiers resolved ahead; others are asked for by `resolve`. Empty for Node realms. */
  readonly imports: readonly ResolvedImport[];
  /** Characters of the value's text, at most `REALM_LIMITS.valueCharacters`, which is also the default (logs: 64 KiB). */
  readonly valueCharacters?: number;
}

export type ToRealm =
  | { readonly type: "welcome"; readonly realm: string; readonly name: string }
  | RunRequest
  | { readonly type: "resolved"; readonly ask: number; readonly result: ResolvedImport }
  | { readonly type: "reload" }
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
  | { readonly type: "uncaught"; readonly error: RealmError; readonly at: number }
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
  | { readonly type: "pong" };
