/** How findings are read from what a build prints, as VS Code's tasks have it. Numbers are indexes of groups. */

export interface ProblemMatcher {
  readonly owner?: string;
  readonly source?: string;
  /** Of lines whose pattern names none. */
  readonly severity?: "error" | "warning" | "info";
  readonly fileLocation?:
    | "absolute"
    | "relative"
    | "autoDetect"
    | readonly ["relative" | "autoDetect", string];
  readonly pattern: ProblemPattern | readonly ProblemPattern[];
  /** For commands that never end: a build lasts from one line to another. */
  readonly background?: { readonly beginsPattern: string; readonly endsPattern: string };
}

export interface ProblemPattern {
  readonly regexp: string;
  readonly kind?: "file" | "location";
  readonly file?: number;
  readonly line?: number;
  readonly column?: number;
  readonly endLine?: number;
  readonly endColumn?: number;
  /** Group with `line`, `line,column` or `line,column,endLine,endColumn`. */
  readonly location?: number;
  readonly severity?: number;
  readonly code?: number;
  readonly message?: number;
  readonly loop?: boolean;
}
