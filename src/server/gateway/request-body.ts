/** Reads a JSON body within limits (S-01). Work is done as the bytes arrive, so that no body blocks the event loop. */
import type { IncomingMessage } from "node:http";
import { UserError } from "../../protocol/errors.ts";
import { createJsonScan, JSON_LIMITS, type JsonLimits } from "./request-json.ts";

export interface BodyLimits extends Partial<JsonLimits> {
  /** Bytes. */
  readonly limit: number;
}

/**
 * @throws UserError `too_large` (413), `unsupported` (415, content encodings), `bad_request` (400) or `cancelled` (the
 * client went away). After an error nothing more is read: answer with `Connection: close`.
 */
export async function readJson(request: IncomingMessage, limits: BodyLimits): Promise<unknown> {
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    throw new UserError("unsupported", "The body is compressed; send it without Content-Encoding");
  }
  if (Number(request.headers["content-length"] ?? 0) > limits.limit) throw tooLarge(limits.limit);
  const text = await readText(request, limits);
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new UserError(
      "bad_request",
      "The body is not valid JSON; send one JSON value in UTF-8 without a byte order mark",
      { cause },
    );
  }
}

/** Reads what is left of a body and drops it: a client that still sends would not hear an answer. */
export async function drain(request: IncomingMessage): Promise<void> {
  request.resume();
  if (request.complete || request.destroyed) return;
  await new Promise((resolve) => request.once("close", resolve).once("end", resolve));
}

/** The whole body as text. Stops reading at the first thing that is wrong. */
function readText(request: IncomingMessage, limits: BodyLimits): Promise<string> {
  const take = createTaker(limits);
  return new Promise((resolve, reject) => {
    const stop = (error?: unknown): void => {
      request.off("data", onData).off("end", onEnd).off("error", onGone).off("close", onGone);
      request.pause();
      if (error !== undefined) reject(error);
    };
    const attempt = (chunk?: Buffer): string | undefined => {
      try {
        return take(chunk);
      } catch (error) {
        stop(error);
        return undefined;
      }
    };
    const onData = (chunk: Buffer): void => void attempt(chunk);
    const onEnd = (): void => {
      const text = attempt();
      if (text === undefined) return;
      stop();
      resolve(text);
    };
    const onGone = (): void =>
      stop(
        new UserError("cancelled", "The request ended before its body was complete; send it again"),
      );
    request.on("data", onData).on("end", onEnd).on("error", onGone).on("close", onGone);
  });
}

/** Checks and decodes chunk by chunk; without a chunk it ends the text. Throws UserError. */
function createTaker(limits: BodyLimits): (chunk?: Buffer) => string {
  const scan = createJsonScan({ ...JSON_LIMITS, ...limits });
  // A byte order mark stays in the text, where JSON.parse refuses it.
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let size = 0;
  let text = "";
  return (chunk) => {
    size += chunk?.length ?? 0;
    if (size > limits.limit) throw tooLarge(limits.limit);
    const wrong = chunk && scan.push(chunk);
    if (wrong !== undefined) throw new UserError("bad_request", `The JSON body ${wrong}`);
    text += decodeNext(decoder, chunk);
    return text;
  };
}

function decodeNext(decoder: InstanceType<typeof TextDecoder>, chunk: Buffer | undefined): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch (cause) {
    throw new UserError("bad_request", "The body is not UTF-8; send JSON in UTF-8", { cause });
  }
}

function tooLarge(limit: number): UserError {
  return new UserError("too_large", `The body is larger than ${limit} bytes; send less`);
}
