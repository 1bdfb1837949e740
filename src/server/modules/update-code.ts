/** Puts the new code into Vite's own update messages, so that a packed page needs no request. */
import { UPDATE_FIELD, type UpdateCode } from "../../protocol/packs.ts";
import { within } from "../within.ts";
import { packText } from "./pack.ts";
import type { PackedUpdate } from "./page-packs.ts";
import { updateKey } from "./urls.ts";

type Send = (...args: unknown[]) => void;

export interface UpdateChannel {
  send: Send;
}

interface Update {
  readonly type: string;
  /** The module that accepts it. */
  readonly path: string;
  readonly acceptedPath: string;
  readonly timestamp: number;
  readonly explicitImportRequired?: boolean;
}

interface UpdatePayload {
  readonly type: "update";
  readonly updates: readonly Update[];
  readonly [UPDATE_FIELD]?: UpdateCode;
}

export interface UpdateCodeParts {
  readonly base: string;
  /** Whether any page would use the code. */
  wanted(): boolean;
  update(keys: readonly string[]): Promise<PackedUpdate>;
}

/**
 * Ms after which an update is sent without code, for a transform that hangs: the page then asks, and waits as long itself. Not
 * sooner: what it gets by then may be a newer version than the update is about, and that one's own update would come too late.
 */
const patienceMs = 5000;

/**
 * All messages go through one queue: a prune or a reload must not overtake an update that waits for its code. An update that
 * a waiting one covers is left out: it would show the newer code, or what is gone, and only delay the last of a burst.
 */
export function sendCode(channel: UpdateChannel, parts: UpdateCodeParts): void {
  const send = channel.send.bind(channel);
  const queue: unknown[][] = [];
  let busy = false;

  const drain = async (): Promise<void> => {
    busy = true;
    try {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const update = updateOf(next);
        if (update === undefined) send(...next);
        else if (!isCovered(update, queue)) {
          const made = await withCode(update, parts).catch(() => update);
          if (made.updates.length > 0) send(made);
        }
      }
    } finally {
      // In the same turn as the last look at the queue, or a message between the two would stay there.
      busy = false;
    }
  };
  channel.send = (...args) => {
    if (!busy && (updateOf(args) === undefined || !parts.wanted())) return send(...args);
    queue.push(args);
    if (!busy) void drain();
  };
}

function updateOf([payload]: readonly unknown[]): UpdatePayload | undefined {
  const isUpdate = (payload as Partial<UpdatePayload> | undefined)?.type === "update";
  return isUpdate ? (payload as UpdatePayload) : undefined;
}

/** Up to the next message of another kind, which may depend on the ones before it. */
function isCovered(update: UpdatePayload, waiting: readonly unknown[][]): boolean {
  for (const args of waiting) {
    const later = updateOf(args);
    if (later === undefined) return false;
    const pairs = new Set(later.updates.map(pairOf));
    if (update.updates.every((one) => pairs.has(pairOf(one)))) return true;
  }
  return false;
}

function pairOf({ type, path, acceptedPath }: Update): string {
  return JSON.stringify([type, path, acceptedPath]);
}

async function withCode(payload: UpdatePayload, parts: UpdateCodeParts): Promise<UpdatePayload> {
  const keyOf = (update: Update): string =>
    update.type === "js-update" ? updateKey(update, parts.base) : "";
  const keys = payload.updates.map(keyOf).filter((key) => key !== "");
  if (keys.length === 0) return payload;
  const made = await within(parts.update(keys), patienceMs, undefined);
  if (made === undefined) return payload;
  const { pack, outdated } = made;
  const updates = payload.updates.filter((update) => !outdated.includes(keyOf(update)));
  if (pack === undefined) return { ...payload, updates };
  const code: UpdateCode = { hash: pack.hash, code: packText(pack) };
  return { ...payload, updates, [UPDATE_FIELD]: code };
}
