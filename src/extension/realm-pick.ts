/** The question behind *Run in…*. */
import * as vscode from "vscode";
import { UserError } from "../protocol/errors.ts";
import type { Mirror } from "./mirror.ts";

interface RealmItem extends vscode.QuickPickItem {
  /** Name or kind, as a fence would say it. */
  readonly realm: string;
}

const icons = {
  page: "browser",
  worker: "server-process",
  iframe: "window",
  node: "terminal",
  "service-worker": "gear",
} as const;

/** Name or kind of the realm the user chose; rejects with `cancelled`. */
export async function pickRealm(mirror: Mirror): Promise<string> {
  const live = mirror.sessions.flatMap(({ project, realms }) =>
    realms
      // Nothing runs in a service worker.
      .filter(({ kind }) => kind !== "service-worker")
      .map((realm): RealmItem => ({
        label: `$(${icons[realm.kind]}) ${realm.name}`,
        description: `${realm.kind} · ${project.name}`,
        detail: realm.url,
        realm: realm.name,
      })),
  );
  const kinds: RealmItem[] = [
    {
      label: `$(${icons.page}) page`,
      description: vscode.l10n.t("The page of this file's project"),
      realm: "page",
    },
    {
      label: `$(${icons.worker}) worker`,
      description: vscode.l10n.t("The worker beside that page"),
      realm: "worker",
    },
    {
      label: `$(${icons.node}) node`,
      description: vscode.l10n.t("A Node process of its own"),
      realm: "node",
    },
  ];
  const placeHolder = vscode.l10n.t("Where the block runs");
  const picked = await vscode.window.showQuickPick([...live, ...kinds], {
    placeHolder,
    matchOnDescription: true,
  });
  if (!picked) throw new UserError("cancelled", "No realm was chosen");
  return picked.realm;
}
