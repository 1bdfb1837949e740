/** Workspace folders that are links: the server speaks of real paths, the editor of the user's. */
import { realpath } from "node:fs/promises";
import path from "node:path";
import type { Repl } from "../protocol/model.ts";

export class FolderLinks {
  /** The user's path of a folder by its real path, where they differ. */
  readonly #folders = new Map<string, string>();

  /** The real path of a workspace folder. */
  async learn(folder: string): Promise<string> {
    const real = await realpath(folder).catch(() => folder);
    if (real !== folder) this.#folders.set(real, folder);
    return real;
  }

  /** A path of the server as the editor spells it. */
  shown(file: string): string {
    for (const [real, folder] of this.#folders)
      if (isAtOrBelow(real, file)) return folder + file.slice(real.length);
    return file;
  }

  /** A path of the editor as the server spells it. */
  real(file: string): string {
    for (const [real, folder] of this.#folders)
      if (isAtOrBelow(folder, file)) return real + file.slice(folder.length);
    return file;
  }

  /** A REPL with the files of its logs as the editor spells them; its root stays what the server is asked by. */
  shownRepl(repl: Repl): Repl {
    return { ...repl, logs: repl.logs.map((log) => ({ ...log, file: this.shown(log.file) })) };
  }
}

function isAtOrBelow(folder: string, file: string): boolean {
  return file === folder || file.startsWith(folder.endsWith(path.sep) ? folder : folder + path.sep);
}
