/** Notices that the page moved or has a new title, in single-page applications too. */

export interface Place {
  readonly url: string;
  readonly title: string;
}

/** Characters of an address or a title that the server reads; a longer one would cost the page its channel. */
const placeCharacters = 4000;

/** The place as it is told to the server. */
export function shortPlace({ url, title }: Place): Place {
  return { url: url.slice(0, placeCharacters), title: title.slice(0, placeCharacters) };
}

export function currentPlace(): Place {
  return { url: location.href, title: document.title };
}

/** @param moved called once for each new place, in a microtask after the change, and once when the document is parsed */
export function watchNavigation(moved: (place: Place) => void): void {
  let last = "";
  let queued = false;

  function check(): void {
    if (queued) return;
    queued = true;
    queueMicrotask(() => {
      queued = false;
      const place = currentPlace();
      const text = `${place.url}\n${place.title}`;
      if (text === last) return;
      last = text;
      moved(place);
    });
  }

  afterCall("pushState", check);
  afterCall("replaceState", check);
  addEventListener("popstate", check);
  addEventListener("hashchange", check);
  addEventListener("pageshow", check);
  whenParsed(() => {
    // Frameworks set the title by text, by a new element, or by a new head.
    new MutationObserver(check).observe(document.head, {
      subtree: true,
      childList: true,
      characterData: true,
    });
    check();
  });
}

function whenParsed(call: () => void): void {
  if (document.readyState !== "loading") call();
  else document.addEventListener("DOMContentLoaded", call, { once: true });
}

function afterCall(name: "pushState" | "replaceState", call: () => void): void {
  const original = History.prototype[name];
  const { [name]: wrapper } = {
    [name](this: History, ...args: Parameters<typeof original>): void {
      original.apply(this, args);
      call();
    },
  };
  Object.defineProperty(History.prototype, name, {
    value: wrapper,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}
