/** Puts results into documents: through the editor when the document is open there, else through the file writer. */
import { applyEdit, placeResult } from "../../markdown/results.ts";
import type { DocumentState, ResultPlacement } from "../../protocol/contract.ts";
import type { FileWriter } from "../files/file-writer.ts";
import type { Log } from "../log.ts";
import { within } from "../within.ts";

export interface Results {
  place(placement: ResultPlacement): Promise<void>;
  documentChanged(file: string, state: DocumentState): void;
}

/** Ms the editor has to place a result before a clean document is written without it (decision 38). */
const editorMs = 2000;

export interface ResultsParts {
  readonly writer: FileWriter<ResultPlacement>;
  readonly log: Log;
  /** The editor's own way; false when the document is not open there. */
  placeInEditor(placement: ResultPlacement): Promise<boolean>;
}

/** How a placement becomes text; also what the journal replays. */
export function applyPlacement(text: string, placement: ResultPlacement): string | undefined {
  const edit = placeResult(text, placement);
  return edit === undefined ? undefined : applyEdit(text, edit);
}

export function createResults(parts: ResultsParts): Results {
  const documents = new Map<string, DocumentState>();

  const inEditor = (placement: ResultPlacement): Promise<"placed" | "not open" | "late"> => {
    const placed = parts.placeInEditor(placement).then(
      (yes) => (yes ? ("placed" as const) : ("not open" as const)),
      () => "late" as const,
    );
    return within(placed, editorMs, "late");
  };

  return {
    async place(placement) {
      const state = documents.get(placement.file) ?? "closed";
      const accepted = await parts.writer.accept(placement.file, placement);
      if (state !== "closed") {
        const placed = await inEditor(placement);
        if (placed === "placed") return accepted.settle();
        // Never under a document with unsaved changes (D-05): it stays in the journal until the editor answers.
        if (placed === "late" && state === "dirty")
          return parts.log.add(
            "warn",
            `The result for ${placement.file} waits: the editor does not answer and the document has unsaved changes`,
          );
      }
      await accepted.write();
    },
    documentChanged(file, state) {
      if (state === "closed") documents.delete(file);
      else documents.set(file, state);
    },
  };
}
