/** Asks an attached server whether it serves: a connection for the back end, Vite's client for the UI. */
import { get as httpGet } from "node:http";
import { get as httpsGet } from "node:https";
import { connect } from "node:net";
import { isLoopback, parseAddress } from "./loopback.ts";

/** Ms (dev-servers 6.2). */
const connectMs = 1000;
/** Ms; a Vite that transforms something large answers late. */
const uiMs = 2000;

const getters: Readonly<Record<string, typeof httpsGet>> = { "http:": httpGet, "https:": httpsGet };

/** Whether `host:port` takes connections. */
export function probeBackend(addr: string): Promise<boolean> {
  const address = parseAddress(addr);
  if (address === undefined) return Promise.resolve(false);
  return new Promise((resolve) => {
    const socket = connect({ ...address, timeout: connectMs });
    const done = (isUp: boolean) => (): void => {
      socket.destroy();
      resolve(isUp);
    };
    socket.once("connect", done(true)).once("timeout", done(false)).once("error", done(false));
  });
}

/** @param address of the UI with a slash at the end; its `@vite/client` has to answer 200 */
export async function probeUi(address: string): Promise<boolean> {
  return (await statusOf(`${address}@vite/client`)) === 200;
}

/** Status with which an address answers, 0 when it does not, or is none of HTTP. */
export function statusOf(url: string): Promise<number> {
  const get = URL.canParse(url) ? getters[new URL(url).protocol] : undefined;
  if (get === undefined) return Promise.resolve(0);
  return new Promise((resolve) => {
    // The certificate of a server on one's own machine is self-signed.
    const options = { agent: false, rejectUnauthorized: !isLoopback(new URL(url).hostname) };
    const request = get(url, options);
    const timer = setTimeout(() => request.destroy(new Error("timeout")), uiMs);
    const done = (status: number): void => {
      clearTimeout(timer);
      request.destroy();
      resolve(status);
    };
    request.once("response", ({ statusCode }) => done(statusCode ?? 0));
    request.on("error", () => done(0));
  });
}
