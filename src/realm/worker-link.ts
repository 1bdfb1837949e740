/**
 * What a page and a worker that it made say to each other, past the application: a worker cannot know by itself who made
 * it. Both hear these messages first and keep them from everybody else.
 */
const key = "-vitrine";
/** Ms until a worker that was made by nobody we know goes on without a parent. */
const answerMs = 3000;

/** `who` is asked by a worker and answered by `parent`; `ping` is sent by a page and answered by `pong`. */
type Word = "who" | "parent" | "ping" | "pong";

export interface LinkMessage {
  readonly word: Word;
  /** With `parent`: instance of the realm that made the worker. */
  readonly parent?: string;
}

/** Either end of the link: a worker as its maker sees it, or the worker's own global. */
export interface LinkEnd {
  addEventListener(type: "message", listener: (event: MessageEvent<unknown>) => void): void;
  postMessage(message: unknown): void;
}

/** Hears our messages of the other end before anybody else; has to be called before others listen. */
export function hearLink(end: LinkEnd, heard: (message: LinkMessage) => void): void {
  end.addEventListener("message", (event) => {
    const message = readLink(event.data);
    if (message === undefined) return;
    event.stopImmediatePropagation();
    heard(message);
  });
}

export function sendLink(end: LinkEnd, message: LinkMessage): void {
  end.postMessage({ [key]: message });
}

/** In a dedicated worker: asks who made it, and answers pings. Undefined when nobody answers. */
export function askParent(self: LinkEnd, later: (call: () => void, ms: number) => unknown) {
  return new Promise<string | undefined>((resolve) => {
    hearLink(self, ({ word, parent }) => {
      if (word === "parent") resolve(parent);
      if (word === "ping") sendLink(self, { word: "pong" });
    });
    sendLink(self, { word: "who" });
    later(() => resolve(undefined), answerMs);
  });
}

function readLink(data: unknown): LinkMessage | undefined {
  if (typeof data !== "object" || data === null || !Object.hasOwn(data, key)) return undefined;
  const message = (data as Record<string, unknown>)[key];
  return typeof message === "object" && message !== null && "word" in message
    ? (message as LinkMessage)
    : undefined;
}
