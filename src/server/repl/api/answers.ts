/** Answers of the REPL's HTTP API (REPL specification 15). */
import { createHash } from "node:crypto";
import { UserError, type ErrorCode } from "../../../protocol/errors.ts";

export interface ApiAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text as it is, anything else as JSON. */
  readonly body?: unknown;
}

/** A request that the gate has let in. */
export interface ApiRequest {
  readonly method: string;
  /** Path below the API's root, decoded: `/instances/7-zen-1201-03/append`. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Reads the JSON body. @throws UserError */
  body(): Promise<unknown>;
  /** Aborts when the client goes away. */
  readonly gone: AbortSignal;
}

/** An error with more to say than its code. Whoever passes errors of the user on passes it on as it is. */
export class ApiError extends UserError {
  readonly answer: ApiAnswer;

  constructor(answer: ApiAnswer) {
    super("bad_request", "The request was refused");
    this.answer = answer;
  }
}

const codes = {
  "bad-request": 400,
  unauthorized: 401,
  forbidden: 403,
  "not-found": 404,
  conflict: 409,
  "too-large": 413,
  unsupported: 415,
  busy: 429,
  internal: 500,
} as const;

export type ApiCode = keyof typeof codes;

const words: Partial<Record<ErrorCode, ApiCode>> = {
  bad_request: "bad-request",
  unauthorized: "unauthorized",
  forbidden: "forbidden",
  not_trusted: "forbidden",
  path_refused: "forbidden",
  not_found: "not-found",
  realm_gone: "not-found",
  write_conflict: "conflict",
  too_large: "too-large",
  unsupported: "unsupported",
  busy: "busy",
};

export function refused(code: ApiCode, message: string, more: object = {}): ApiAnswer {
  return { status: codes[code], body: { error: { code, message }, ...more } };
}

/** @returns the answer to whatever was thrown; details of bugs stay inside */
export function answerTo(error: unknown): ApiAnswer {
  if (error instanceof ApiError) return error.answer;
  if (error instanceof UserError) return refused(words[error.code] ?? "internal", error.message);
  return refused("internal", "The server failed. Its log says why");
}

/** First 16 hex digits of the SHA-256 of the text's bytes, quoted (15.3). */
export function etagOf(text: string): string {
  return `"${createHash("sha256").update(text).digest("hex").slice(0, 16)}"`;
}
