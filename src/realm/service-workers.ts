/** Notices the service workers that are registered for the page: they are told to the server, nothing runs in them. */
import type { ServiceWorkerFacts } from "../protocol/realm.ts";

/** Workers and characters of an address that the server reads. */
const limits = { workers: 20, address: 4000 };

export interface ServiceWorkerWatch {
  /** Tells them once more, to a server that may be another one. */
  repeat(): void;
}

/**
 * @param base address of the page's base: only workers whose script is below it are of this application. Behind an editor's
 *   proxy the page shares its origin with the editor, whose own worker has the whole of it for its scope
 * @param found called with the complete list, first and whenever it changed
 */
export function watchServiceWorkers(
  base: URL,
  found: (workers: readonly ServiceWorkerFacts[]) => void,
): ServiceWorkerWatch {
  const container = containerOf();
  if (container === undefined) return { repeat: () => {} };
  let told = "[]";

  async function look(): Promise<void> {
    const registrations = await container?.getRegistrations().catch(() => []);
    const workers = (registrations ?? [])
      .flatMap((registration) => factsOf(registration, look))
      .filter(({ url }) => url.startsWith(base.href))
      .slice(0, limits.workers);
    const text = JSON.stringify(workers);
    if (text === told) return;
    told = text;
    found(workers);
  }

  const changed = (): void => void look();
  container.addEventListener("controllerchange", changed);
  afterPromise(ServiceWorkerContainer.prototype, "register", changed);
  afterPromise(ServiceWorkerRegistration.prototype, "unregister", changed);
  return {
    repeat() {
      told = "[]";
      changed();
    },
  };
}

/** Absent where the page's address is not trustworthy; a sandbox refuses it. */
function containerOf(): ServiceWorkerContainer | undefined {
  try {
    const { serviceWorker } = navigator as { serviceWorker?: ServiceWorkerContainer };
    return serviceWorker;
  } catch {
    // A sandboxed frame throws; it has no service workers.
    return undefined;
  }
}

const watched = new WeakSet<EventTarget>();

function factsOf(
  registration: ServiceWorkerRegistration,
  look: () => Promise<void>,
): ServiceWorkerFacts[] {
  const { active, waiting, installing, scope } = registration;
  const worker = active ?? waiting ?? installing;
  onEach(registration, "updatefound", look);
  for (const one of [active, waiting, installing]) if (one) onEach(one, "statechange", look);
  if (worker === null) return [];
  const { scriptURL, state } = worker;
  return [
    { url: scriptURL.slice(0, limits.address), scope: scope.slice(0, limits.address), state },
  ];
}

function onEach(target: EventTarget, event: string, look: () => Promise<void>): void {
  if (watched.has(target)) return;
  watched.add(target);
  target.addEventListener(event, () => void look());
}

/** Calls when a method's promise was kept; the method looks and works as before. */
function afterPromise<Name extends string>(
  prototype: Record<Name, (...args: never[]) => Promise<unknown>>,
  name: Name,
  call: () => void,
): void {
  const original = prototype[name];
  const { [name]: wrapper } = {
    [name](this: unknown, ...args: never[]) {
      const promise = original.apply(this, args);
      promise.then(call, () => {});
      return promise;
    },
  } as Record<Name, typeof original>;
  Object.defineProperty(prototype, name, {
    value: wrapper,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}
