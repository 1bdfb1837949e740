/**
 * Watches JSON go by and stops what `JSON.parse` would take but nobody should have to handle: depth, floods of keys,
 * repeated keys, keys that touch prototypes (S-01). It is no validator; `JSON.parse` afterwards is.
 */

export interface JsonLimits {
  /** Nested arrays and objects. */
  readonly depth: number;
  /** Keys of one object. */
  readonly keys: number;
  /** Values in all: what bounds the time of `JSON.parse`. */
  readonly values: number;
  /** Bytes of one key. */
  readonly keyBytes: number;
}

export const JSON_LIMITS: JsonLimits = { depth: 32, keys: 1_000, values: 100_000, keyBytes: 1_024 };

export interface JsonScan {
  /** Takes the next bytes. @returns what is wrong, in words that follow "The JSON body". Linear. */
  push(chunk: Uint8Array): string | undefined;
}

/** An open array or object. */
interface Frame {
  readonly keys: Set<string> | undefined;
  lastKey: string;
  expectsKey: boolean;
}

const quote = 0x22;
const backslash = 0x5c;

export function createJsonScan(limits: JsonLimits): JsonScan {
  const frames: Frame[] = [];
  let values = 0;
  let inString = false;
  let escaped = false;
  /** Bytes of the key that is being read, undefined within other strings. */
  let key: number[] | undefined;

  const open = (isObject: boolean): string | undefined => {
    if (frames.length === limits.depth) return `is nested deeper than ${limits.depth} levels`;
    frames.push({ keys: isObject ? new Set() : undefined, lastKey: "", expectsKey: isObject });
    return count();
  };
  const count = (): string | undefined =>
    ++values > limits.values ? `has more than ${limits.values} values` : undefined;

  const punctuation = (byte: number): string | undefined => {
    const top = frames.at(-1);
    if (byte === 0x7b || byte === 0x5b) return open(byte === 0x7b);
    if (byte === 0x7d || byte === 0x5d) frames.pop();
    if (byte === quote) {
      inString = true;
      key = top?.expectsKey === true ? [] : undefined;
    }
    if (byte !== 0x2c) return undefined;
    if (top?.keys !== undefined) top.expectsKey = true;
    return count();
  };

  const withinString = (byte: number): string | undefined => {
    if (byte === quote && !escaped) {
      inString = false;
      return key === undefined ? undefined : takeKey(frames, key, limits);
    }
    escaped = byte === backslash && !escaped;
    return key !== undefined && key.push(byte) > limits.keyBytes
      ? `has a key longer than ${limits.keyBytes} bytes`
      : undefined;
  };

  return {
    push(chunk) {
      for (const byte of chunk) {
        const wrong = inString ? withinString(byte) : punctuation(byte);
        if (wrong !== undefined) return wrong;
      }
      return undefined;
    },
  };
}

function takeKey(
  frames: readonly Frame[],
  bytes: readonly number[],
  limits: JsonLimits,
): string | undefined {
  const top = frames.at(-1);
  const name = unescaped(bytes);
  if (top?.keys === undefined || name === undefined) return undefined;
  const reachesPrototype = name === "prototype" && frames.at(-2)?.lastKey === "constructor";
  if (name === "__proto__" || reachesPrototype)
    return `has the key ${name}, which is not allowed there`;
  if (top.keys.has(name)) return "has the same key twice in one object";
  if (top.keys.size === limits.keys) return `has more than ${limits.keys} keys in one object`;
  top.keys.add(name);
  top.lastKey = name;
  top.expectsKey = false;
  return undefined;
}

function unescaped(bytes: readonly number[]): string | undefined {
  try {
    return JSON.parse(`"${Buffer.from(bytes).toString("utf8")}"`) as string;
  } catch {
    // Malformed: parsing the whole body will say so.
    return undefined;
  }
}
