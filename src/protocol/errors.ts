/**
 * Everything that can go wrong in a way the user can act on. Messages say what failed, with the value that was
 * wrong, then what to do. Anything that is not a UserError is a bug: it is logged with its stack.
 */

export type ErrorCode =
  | "bad_request"
  | "busy"
  | "cancelled"
  | "config_failed"
  | "dead_pid"
  | "deadline"
  | "forbidden"
  | "html_missing"
  | "incompatible"
  | "internal"
  | "limit"
  | "invalid_devinfo"
  | "not_found"
  | "not_installed"
  | "not_running"
  | "not_trusted"
  | "path_refused"
  | "port_exhausted"
  | "port_in_use"
  | "realm_gone"
  | "server_gone"
  | "start_timeout"
  | "too_large"
  | "unauthorized"
  | "unresponsive"
  | "unsupported"
  | "vite_crashed"
  | "write_conflict"
  | "write_failed";

/** The form in which an error crosses a process boundary: an Error sent over IPC loses its own fields. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly data?: Readonly<Record<string, string | number>>;
}

/** An expected failure: the user can act on it. */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly code: ErrorCode;
  readonly data: Readonly<Record<string, string | number>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { data?: Readonly<Record<string, string | number>>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.data = options.data ?? {};
  }
}

/** Turns anything thrown into its wire form. What is not a UserError hides its details behind `internal`. */
export function toWire(error: unknown): WireError {
  if (error instanceof UserError) {
    return { code: error.code, message: error.message, data: error.data };
  }
  return { code: "internal", message: error instanceof Error ? error.message : String(error) };
}

/** The reverse of `toWire`. */
export function fromWire(wire: WireError): UserError {
  return new UserError(wire.code, wire.message, { data: wire.data ?? {} });
}
