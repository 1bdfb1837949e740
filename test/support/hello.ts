/** The first message of a realm, with the next id. */
import type { Hello } from "../../src/server/realms/live-realm.ts";

let ids = 0;

export function hello(more: Partial<Hello> = {}): Hello {
  ids += 1;
  return {
    type: "hello",
    kind: "page",
    instance: `instance-${ids}`,
    name: "",
    url: "http://127.0.0.1:15173/",
    title: "Shop",
    frame: "",
    ...more,
  };
}
