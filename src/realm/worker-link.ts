/**
 * What a page and a worker that it made say to each other, past the application: a worker cannot know by itself who made
 * it. The worker hands its maker a port; that is the only message which the application could meet, and it is kept from it.
 */
const key = "-vitrine";
/** Ms until a worker that was made by nobody we know goes on without a parent; a page that starts may be busy for long. */
const answerMs = 10_000;

/**
 * The maker says `parent` at once, and `ready` when the server knows that parent and can name the worker after it. `ping`
 * is answered by `pong`.
 */
type LinkMessage =
  | { readonly word: "parent"; readonly parent: string }
  | { readonly word: "ready" | "ping" | "pong" };

/** What this module uses of a worker and of its global. */
export interface WorkerEnd {
  addEventListener(type: "message", listener: (event: MessageEvent<unknown>) => void): void;
}

/** The maker's end of the link. */
export interface WorkerLink {
  ping(): void;
}

export interface MakerOptions {
  /** Instance of the realm that made the worker. */
  readonly instance: string;
  readonly ready: Promise<void>;
  pong?(): void;
}

/**
 * Waits for a worker's port; has to be called when it was just made, before the application listens.
 * @param opened called when the worker runs and can be pinged
 */
export function linkWorker(
  worker: WorkerEnd,
  { instance, ready, pong }: MakerOptions,
  opened: (link: WorkerLink) => void = () => {},
): void {
  worker.addEventListener("message", (event) => {
    const [port] = event.ports;
    if (port === undefined || !isOurs(event.data)) return;
    event.stopImmediatePropagation();
    port.addEventListener("message", () => pong?.());
    port.start();
    send(port, { word: "parent", parent: instance });
    void ready.then(() => send(port, { word: "ready" }));
    opened({ ping: () => send(port, { word: "ping" }) });
  });
}

/**
 * In a dedicated worker: asks who made it, and answers pings. Resolves when the parent is ready, undefined when nobody
 * answers.
 */
export function askParent(
  self: { postMessage(message: unknown, transfer: Transferable[]): void },
  later: (call: () => void, ms: number) => unknown,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    let maker: string | undefined;
    const { port1: port, port2: theirs } = new MessageChannel();
    port.addEventListener("message", ({ data }: MessageEvent<LinkMessage>) => {
      if (data.word === "parent") maker = data.parent;
      if (data.word === "ready") resolve(maker);
      if (data.word === "ping") send(port, { word: "pong" });
    });
    port.start();
    self.postMessage({ [key]: "worker" }, [theirs]);
    later(() => maker === undefined && resolve(undefined), answerMs);
  });
}

function send(port: MessagePort, message: LinkMessage): void {
  port.postMessage(message);
}

function isOurs(data: unknown): boolean {
  return typeof data === "object" && data !== null && Object.hasOwn(data, key);
}
