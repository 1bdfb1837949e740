import { describe, expect, test } from "vitest";
import {
  addressesToAsk,
  listenAt,
  printedAddress,
} from "../../../src/server/sessions/ui/server-command.ts";

const flags = ["--port", "15173", "--strictPort", "--host", "127.0.0.1"];
const here = { port: 15_173, prefix: "/" };

describe("the flags", () => {
  test.each([
    [["pnpm", "run", "dev"], []],
    [["yarn", "dev"], []],
    [["node", "node_modules/vite/bin/vite.js"], []],
    [["npm", "run", "dev"], ["--"]],
    [["/usr/bin/npm", "start"], ["--"]],
    [["C:\\node\\npm.cmd", "run", "dev"], ["--"]],
    [["npm", "run", "dev", "--", "--debug"], []],
    [["npx", "vite"], []],
  ])("of %j stand behind %j", (command, separator) => {
    expect(listenAt(command, here)).toEqual([...command, ...separator, ...flags]);
  });

  test("name the base under which the outside reaches the pages, if there is one", () => {
    expect(listenAt(["vite"], { port: 15_173, prefix: "/proxy/15174/" })).toEqual([
      "vite",
      ...flags,
      "--base",
      "/proxy/15174/",
    ]);
  });
});

describe("the address in a line", () => {
  test.each([
    ["  ➜  Local:   http://127.0.0.1:5173/", "http://127.0.0.1:5173/"],
    ["  ➜  Local:   http://localhost:5173/app/", "http://localhost:5173/app/"],
    ["- Local:        http://localhost:3000", "http://localhost:3000/"],
    ["  > Local:    https://localhost:5173/ (self-signed)", "https://localhost:5173/"],
    ["Local: http://[::1]:5173/", "http://[::1]:5173/"],
    ["Local: 8080", "http://127.0.0.1:8080/"],
    ["Local: 127.0.0.1:8080", "http://127.0.0.1:8080/"],
  ])("%j is %s", (text, address) => {
    expect(printedAddress(text)?.href).toBe(address);
  });

  test.each([
    "  ➜  Network: http://10.0.0.5:5173/",
    "  ➜  Local:   use --host to expose",
    "Local: http://localhost/",
    "Local: 123456",
    "",
  ])("%j has none", (text) => {
    expect(printedAddress(text)).toBeUndefined();
  });

  test.each([
    ["http://127.0.0.1:5173/app", ["http://127.0.0.1:5173/app/"]],
    ["http://localhost:5173/", ["http://127.0.0.1:5173/", "http://[::1]:5173/"]],
    ["http://[::1]:5173/", ["http://127.0.0.1:5173/", "http://[::1]:5173/"]],
    // What stands there is another machine's name for this one, if it is one at all.
    ["http://0.0.0.0:5173/", ["http://127.0.0.1:5173/"]],
    ["http://shop.example:5173/", ["http://127.0.0.1:5173/"]],
  ])("%s is asked for at %j", (announced, asked) => {
    expect(addressesToAsk(new URL(announced))).toEqual(asked);
  });
});
