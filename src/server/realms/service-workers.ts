/** Service workers that pages report: they are listed as realms of the session, and nothing runs in them (decision 30). */
import { createHash } from "node:crypto";
import path from "node:path";
import type { ServiceWorkerFacts } from "../../protocol/realm.ts";
import type { LiveRealm, Realms } from "./realms.ts";

export function listServiceWorkers(realms: Realms): void {
  /** What each page said last; they all see the same ones, until the last page goes. */
  const reports = new Map<LiveRealm, readonly ServiceWorkerFacts[]>();
  const listed = new Map<string, LiveRealm>();

  const show = (session: string | undefined): void => {
    const wanted = new Map<string, ServiceWorkerFacts>();
    for (const [page, workers] of reports) {
      if (page.session !== session) continue;
      for (const worker of workers) wanted.set(keyOf(session, worker), worker);
    }
    for (const [key, realm] of listed) {
      if (realm.session !== session || wanted.has(key)) continue;
      listed.delete(key);
      realms.remove(realm, "The service worker is no longer registered");
    }
    for (const [key, worker] of wanted)
      if (!listed.has(key)) listed.set(key, realms.list(session, factsOf(key, worker)));
  };

  realms.listen({
    said(realm, message) {
      if (message.type !== "service-workers") return;
      reports.set(realm, message.workers);
      show(realm.session);
    },
    gone(realm) {
      for (const [key, known] of listed) if (known === realm) listed.delete(key);
      if (reports.delete(realm)) show(realm.session);
    },
  });
}

function keyOf(session: string | undefined, { url, scope }: ServiceWorkerFacts): string {
  return JSON.stringify([session, scope, url]);
}

function factsOf(
  key: string,
  { url, scope, state }: ServiceWorkerFacts,
): Parameters<Realms["list"]>[1] {
  const stem = URL.canParse(url) ? path.posix.parse(new URL(url).pathname).name : "";
  return {
    kind: "service-worker",
    instance: createHash("sha256").update(key).digest("hex").slice(0, 32),
    name: "",
    label: `service-worker-${stem}`,
    url,
    title: `${scope} (${state})`,
    frame: "",
  };
}
