/** Errors that nobody in the page or worker caught, rejections that nobody handled, and files that did not load. */
import { errorFrom } from "./realm-error.ts";
import type { ErrorSource, RealmError } from "../protocol/realm.ts";

export interface ErrorListener {
  uncaught(error: RealmError, source: ErrorSource): void;
  /** An image, style sheet or script that could not be loaded. */
  notLoaded(text: string): void;
  /** Takes an error that belongs to a block's own script; true when it did. */
  claim(event: ErrorEvent): boolean;
  /** Whether the element is a block's own script. */
  owns(element: Element): boolean;
}

export function listenForErrors(listener: ErrorListener): void {
  // Failures to load do not bubble; they are seen only while they are captured.
  addEventListener("error", (event: Event) => hearError(event, listener), true);
  addEventListener("unhandledrejection", (event) => {
    const error = errorFrom(event.reason);
    const name = error.name === "Uncaught" ? "Unhandled rejection" : error.name;
    listener.uncaught({ ...error, name }, "unhandledrejection");
  });
}

function hearError(event: Event, listener: ErrorListener): void {
  const isPage = typeof document !== "undefined";
  if (event instanceof ErrorEvent) {
    if (!listener.claim(event))
      listener.uncaught(errorOf(event), isPage ? "window.onerror" : "self.onerror");
    return;
  }
  const { target } = event;
  if (isPage && target instanceof Element && !listener.owns(target)) {
    listener.notLoaded(`Failed to load <${target.localName}> ${addressOf(target)}`);
  }
}

/** The error of the event; without one (another origin, a script that could not be parsed) what the event says. */
export function errorOf(event: ErrorEvent): RealmError {
  const place =
    event.filename === "" ? "" : `\n    at ${event.filename}:${event.lineno}:${event.colno}`;
  const thrown: unknown = event.error;
  if (thrown === null || thrown === undefined) {
    return { name: "Error", message: event.message, stack: `${event.message}${place}` };
  }
  const error = errorFrom(thrown);
  // A parse error's own stack does not say where it is, and a thrown string has none.
  if (/:\d+:\d+\)?$/m.test(error.stack)) return error;
  return {
    ...error,
    stack: `${error.stack === "" ? `${error.name}: ${error.message}` : error.stack}${place}`,
  };
}

function addressOf(element: Element): string {
  return (
    element.getAttribute("src") ??
    element.getAttribute("href") ??
    element.getAttribute("data") ??
    ""
  );
}
