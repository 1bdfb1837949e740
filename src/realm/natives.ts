/**
 * The platform as it was before any script of the page ran: applications patch fetch, WebSocket and timers, and what they
 * do must neither see nor break the channel. The same names exist in workers.
 */
export const natives = {
  fetch: globalThis.fetch.bind(globalThis),
  WebSocket: globalThis.WebSocket,
  Worker: globalThis.Worker,
  socketSend: globalThis.WebSocket.prototype.send,
  setTimeout: globalThis.setTimeout.bind(globalThis) as (
    callback: () => void,
    ms: number,
  ) => number,
  clearTimeout: globalThis.clearTimeout.bind(globalThis),
  now: performance.now.bind(performance),
  wallClock: Date.now.bind(Date),
  parse: JSON.parse.bind(JSON) as (text: string) => unknown,
  stringify: JSON.stringify.bind(JSON) as (value: object) => string,
} as const;
