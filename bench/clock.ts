/** One time line for Node and a page. */
import type { Page } from "playwright-core";

/** What to add to the page's `performance.now()` to get this process's, by the tightest of many round trips. */
export async function clockOffset(page: Page): Promise<number> {
  let best = { trip: Number.POSITIVE_INFINITY, offset: 0 };
  for (let attempt = 0; attempt < 40; attempt += 1) {
    const sent = performance.now();
    const there = await page.evaluate(() => performance.now());
    const received = performance.now();
    if (received - sent < best.trip)
      best = { trip: received - sent, offset: (sent + received) / 2 - there };
  }
  return best.offset;
}

/** Begins to wait for a text in an element; answers the page's own time of its arrival, seen by an observer. */
export async function whenText(
  page: Page,
  selector: string,
  text: string,
): Promise<{ arrived: Promise<number> }> {
  const handle = await page.evaluateHandle(
    ([query, wanted]) => ({
      at: new Promise<number>((resolve) => {
        const look = (): void => {
          if (!document.querySelector(query)?.textContent?.includes(wanted)) return;
          observer.disconnect();
          resolve(performance.now());
        };
        const observer = new MutationObserver(look);
        observer.observe(document, { subtree: true, childList: true, characterData: true });
        look();
      }),
    }),
    [selector, text] as const,
  );
  return { arrived: handle.evaluate(({ at }) => at) };
}
