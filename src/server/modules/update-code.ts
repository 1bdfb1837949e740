/** Puts the new code into Vite's own update messages, so that a packed page needs no request. */
import { UPDATE_FIELD, type UpdateCode } from "../../protocol/packs.ts";
import { packText, type Pack } from "./pack.ts";
import { updateKey } from "./urls.ts";

type Send = (...args: unknown[]) => void;

export interface UpdateChannel {
  send: Send;
}

interface Update {
  readonly type: string;
  readonly acceptedPath: string;
  readonly timestamp: number;
  readonly explicitImportRequired?: boolean;
}

interface UpdatePayload {
  readonly type: "update";
  readonly updates: readonly Update[];
}

export interface UpdateCodeParts {
  readonly base: string;
  /** Whether any page would use the code. */
  wanted(): boolean;
  update(keys: readonly string[]): Promise<Pack | undefined>;
}

/** Ms after which an update is sent without code: the page then asks, and shows what it waits for. */
const patienceMs = 300;

/** All messages go through one chain: a prune or a reload must not overtake an update that waits for its code. */
export function sendCode(channel: UpdateChannel, parts: UpdateCodeParts): void {
  const send = channel.send.bind(channel);
  let waiting = 0;
  let chain = Promise.resolve();
  channel.send = (...args) => {
    const payload = args[0] as Partial<UpdatePayload> | string | undefined;
    const update = typeof payload === "object" && payload.type === "update" && parts.wanted();
    if (!update && waiting === 0) return send(...args);
    waiting += 1;
    chain = chain
      .then(async () =>
        send(...(update ? [await withCode(payload as UpdatePayload, parts)] : args)),
      )
      .catch(() => send(...args))
      .finally(() => {
        waiting -= 1;
      });
  };
}

async function withCode(payload: UpdatePayload, parts: UpdateCodeParts): Promise<object> {
  const keys = payload.updates
    .filter((update) => update.type === "js-update")
    .map((update) => updateKey(update, parts.base));
  if (keys.length === 0) return payload;
  const pack = await Promise.race([parts.update(keys), late()]);
  if (pack === undefined) return payload;
  const code: UpdateCode = { hash: pack.hash, code: packText(pack) };
  return { ...payload, [UPDATE_FIELD]: code };
}

function late(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, patienceMs, undefined).unref());
}
