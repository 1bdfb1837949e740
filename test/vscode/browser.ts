/** The browser that shows the editor and, in other suites, the pages themselves. */
import { chromium, type Browser } from "playwright-core";
import { findChromium } from "../../scripts/bootstrap.mjs";

/** Starts the Chromium of this machine without a window of its own. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (!executablePath)
    throw new Error("no Chromium found: install Chromium or Chrome, or set CHROMIUM_PATH to one");
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      "--headless=new",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
