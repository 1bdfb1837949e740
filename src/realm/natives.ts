/**
 * The platform as it was before any script of the page ran: applications patch fetch, WebSocket and timers, and what they
 * do must neither see nor break the channel.
 */
export const natives = {
  fetch: window.fetch.bind(window),
  WebSocket: window.WebSocket,
  socketSend: window.WebSocket.prototype.send,
  setTimeout: window.setTimeout.bind(window) as (callback: () => void, ms: number) => number,
  clearTimeout: window.clearTimeout.bind(window),
  now: performance.now.bind(performance),
  wallClock: Date.now.bind(Date),
  parse: JSON.parse.bind(JSON) as (text: string) => unknown,
  stringify: JSON.stringify.bind(JSON) as (value: object) => string,
} as const;
