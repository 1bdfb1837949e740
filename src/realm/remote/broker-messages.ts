/** What a foreign page and the broker window say to each other (REPL specification 20). */
import type { TextOutcome } from "./evaluate-text.ts";

interface Stamped {
  /** Epoch ms. */
  readonly timestamp: number;
}

export type ToBroker = Stamped &
  (
    | {
        readonly type: "register";
        readonly pageName: string;
        readonly pageUrl: string;
        readonly mode: "eval";
      }
    | ({
        readonly type: "result";
        readonly pageName: string;
        readonly jobId: string;
        readonly backgroundEvents: readonly object[];
      } & TextOutcome)
    | { readonly type: "events"; readonly pageName: string; readonly events: readonly object[] }
    | { readonly type: "heartbeat" | "unregister"; readonly pageName: string }
    /** The loader's: the page's policy lets no code in. */
    | { readonly type: "refused" }
  );

export type FromBroker = Stamped &
  (
    | { readonly type: "registered"; readonly pageName: string; readonly serverConnected: boolean }
    | {
        readonly type: "job";
        readonly jobId: string;
        readonly code: string;
        readonly mode: "eval";
      }
    | { readonly type: "ping" }
    /** The client, for a page whose policy refused its script. */
    | { readonly type: "client"; readonly code: string }
  );

/** Without its time. */
export type Unstamped<Message> = Message extends Stamped ? Omit<Message, "timestamp"> : never;

/** Host and path of an address as the beginning of a name (2.1). */
export function nameStem(address: string): string {
  const { host, pathname } = new URL(address);
  return `${host}${pathname}`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 40)
    .replace(/^-|-$/g, "");
}
