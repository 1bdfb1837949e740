/** The error of a module that a packed page asked for, in the log and in the page as Vite itself shows it. */
import { stripVTControlCharacters } from "node:util";
import type { ViteDevServer } from "vite";

interface Failure {
  readonly plugin?: string;
  readonly id?: string;
  readonly loc?: { readonly file: string; readonly line: number; readonly column: number };
  readonly frame?: string;
}

export function showFailure(server: ViteDevServer, error: unknown): void {
  if (!(error instanceof Error)) return;
  server.config.logger.error(error.message, { error: error as never });
  const { message, stack = "", plugin, id, loc, frame = "" } = error as Error & Failure;
  server.environments.client.hot.send({
    type: "error",
    err: {
      message: stripVTControlCharacters(message),
      stack: stripVTControlCharacters(stack),
      frame: stripVTControlCharacters(frame),
      ...(plugin && { plugin }),
      ...(id && { id }),
      ...(loc && { loc }),
    },
  });
}
