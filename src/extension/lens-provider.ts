/** Lenses that follow the mirror and the setting, and count seconds while something runs. */
import * as vscode from "vscode";
import { onDidChangeConfig, readConfig } from "./config.ts";
import type { Mirror } from "./mirror.ts";

export interface LensSource {
  readonly selector: vscode.DocumentSelector;
  /** The part of the mirror that the lenses show. */
  readonly part: "runs" | "repls";
  /** Whether a lens shows a time that goes on. */
  isTicking(): boolean;
  /** Not asked while the setting is off. */
  provide(
    document: vscode.TextDocument,
    token: vscode.CancellationToken,
  ): vscode.ProviderResult<vscode.CodeLens[]>;
}

const tickMs = 1000;

export function registerLensProvider(mirror: Mirror, source: LensSource): vscode.Disposable {
  const changed = new vscode.EventEmitter<void>();
  let isOn = readConfig().codeLens;
  let timer: NodeJS.Timeout | undefined;
  const tick = (): void => {
    if (source.isTicking()) timer ??= setInterval(() => changed.fire(), tickMs);
    else timer = void clearInterval(timer);
  };
  return vscode.Disposable.from(
    changed,
    vscode.languages.registerCodeLensProvider(source.selector, {
      onDidChangeCodeLenses: changed.event,
      provideCodeLenses: (document, token) => (isOn ? source.provide(document, token) : []),
    }),
    mirror.onDidChange((part) => {
      if (part !== source.part) return;
      tick();
      changed.fire();
    }),
    onDidChangeConfig(({ codeLens }) => {
      isOn = codeLens;
      changed.fire();
    }),
    { dispose: () => clearInterval(timer) },
  );
}
