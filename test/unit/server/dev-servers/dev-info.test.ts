/** The text of a `.devinfo` (dev-servers 6.1 and 15). */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UserError } from "../../../../src/protocol/errors.ts";
import {
  parseDevInfo,
  uiAddress,
  uiPort,
} from "../../../../src/server/dev-servers/external/dev-info.ts";
import { isAllowedHost } from "../../../../src/server/dev-servers/external/loopback.ts";
import { isProjectId, placesOf } from "../../../../src/server/dev-servers/external/places.ts";

const rules = { names: ["my-plugin"], allowedHosts: ["dev.internal"] };
const good = { pid: 12_345, addr: "127.0.0.1:42367" };

function refusal(content: unknown): string {
  const text = typeof content === "string" ? content : JSON.stringify(content);
  try {
    parseDevInfo(text, rules);
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).code).toBe("invalid_devinfo");
    return (error as UserError).message.replace("The .devinfo was not accepted: ", "");
  }
  return "accepted";
}

test("the documented example is taken as it stands, unknown fields and a BOM included", () => {
  const text = `\ufeff{"pid":12345,"protocol":"grpc","protocolVersion":1,"addr":"127.0.0.1:42367",
 "vitePort":15173,"pluginId":"my-plugin","version":"0.1.0","startedAt":"2026-02-16T10:30:00Z","more":[1]}`;
  expect(parseDevInfo(text, rules)).toEqual({
    pid: 12_345,
    protocol: "grpc",
    protocolVersion: 1,
    addr: "127.0.0.1:42367",
    vitePort: 15_173,
    pluginId: "my-plugin",
    version: "0.1.0",
    startedAt: "2026-02-16T10:30:00Z",
    more: [1],
  });
});

test("defaults are applied, and a number of ticks is text", () => {
  expect(parseDevInfo(JSON.stringify({ ...good, procStart: 812 }), rules)).toEqual({
    ...good,
    protocol: "grpc",
    protocolVersion: 1,
    vitePort: 0,
    procStart: "812",
  });
  expect(parseDevInfo('{"pid":1,"vitePort":5173}', rules).addr).toBe("");
});

describe("bad input is refused with the value that was wrong", () => {
  test.each([
    ["", "it is no complete JSON; write it to .devinfo.tmp and rename that"],
    ["{", "it is no complete JSON; write it to .devinfo.tmp and rename that"],
    ["null", "it is no JSON object; write one with pid and addr"],
    ["[]", /^(?:it is no JSON object|Invalid PID)/],
    ['"text"', "it is no JSON object; write one with pid and addr"],
    [{ addr: "127.0.0.1:1" }, 'Invalid PID "missing"; write the process id'],
    [{ ...good, pid: 0 }, 'Invalid PID "0"; write the process id'],
    [{ ...good, pid: -1 }, 'Invalid PID "-1"; write the process id'],
    [{ ...good, pid: 1.5 }, 'Invalid PID "1.5"; write the process id'],
    [{ ...good, pid: 2 ** 31 }, 'Invalid PID "2147483648"; write the process id'],
    [{ ...good, pid: "1" }, 'Invalid PID "1"; write the process id'],
    [{ ...good, pid: null }, 'Invalid PID "null"; write the process id'],
    ['{"pid":1e999,"addr":"127.0.0.1:1"}', /^Invalid PID/],
    [{ pid: 1 }, "addr is empty; write host:port of the back end, or vitePort for a UI alone"],
    [{ pid: 1, addr: "" }, /^addr is empty/],
    [{ pid: 1, addr: "", vitePort: 5173 }, /^addr is empty/],
    [{ pid: 1, addr: 5 }, /^addr is "5"/],
    [{ ...good, addr: "127.0.0.1" }, 'addr is "127.0.0.1"; write host:port'],
    [{ ...good, addr: "127.0.0.1:0" }, /; write host:port$/],
    [{ ...good, addr: "127.0.0.1:65536" }, /; write host:port$/],
    [{ ...good, addr: "/run/x.sock" }, /; write host:port$/],
    [{ ...good, addr: "a:1\r\nx" }, 'addr is "a:1\\u{d}\\u{a}x"; write host:port'],
    [
      { ...good, addr: "192.168.1.9:80" },
      'addr is "192.168.1.9:80", which is not on this machine; use 127.0.0.1, or allow the host in the settings',
    ],
    [{ ...good, addr: "0.0.0.0:80" }, /is not on this machine/],
    [{ ...good, addr: "localhost.evil.example:80" }, /is not on this machine/],
    [{ ...good, addr: "127.evil.example:80" }, /is not on this machine/],
    [{ ...good, addr: "[::ffff:1.2.3.4]:80" }, /is not on this machine/],
    [{ ...good, vitePort: 65_536 }, /^vitePort is "65536"/],
    [{ ...good, vitePort: "5173" }, /^vitePort is "5173"/],
    [{ ...good, protocol: "" }, /^protocol is ""/],
    [{ ...good, startedAt: "yesterday" }, /^startedAt is "yesterday"/],
    [{ ...good, pluginId: "../other" }, /^pluginId is "..\/other" where "my-plugin" belongs/],
    [{ ...good, viteUrl: "file:///etc/passwd" }, /begins with http or https$/],
    [{ ...good, viteUrl: "javascript:alert(1)" }, /begins with http or https$/],
    [{ ...good, viteUrl: "data:text/html,x" }, /begins with http or https$/],
    [{ ...good, viteUrl: "//127.0.0.1:1/" }, /begins with http or https$/],
    [{ ...good, viteUrl: "http://evil.example/" }, /is not on this machine/],
    [{ ...good, viteUrl: "http://127.0.0.1@evil.example/" }, /leave out user/],
    [{ ...good, viteUrl: "http://127.0.0.1:1/?x=1" }, /leave out user, query and fragment$/],
    [{ ...good, viteUrl: "" }, /begins with http or https$/],
    [{ ...good, viteBase: "/a?b=" }, /^viteBase is/],
    [{ ...good, viteBase: "/../" }, /^viteBase is/],
    [{ ...good, viteBase: "app/" }, /^viteBase is/],
  ] as const)("%j", (content, message) => {
    expect(refusal(content)).toMatch(message);
  });

  test.each(["[::1]:80", "localhost:80", "127.9.9.9:80", "dev.internal:80"])(
    "%s is a good addr",
    (addr) => {
      expect(refusal({ ...good, addr })).toBe("accepted");
    },
  );

  test("whatever the text, the answer is an object or invalid_devinfo", () => {
    const fields = fc.record(
      Object.fromEntries(
        ["pid", "addr", "vitePort", "viteUrl", "viteBase", "pluginId", "__proto__"].map((name) => [
          name,
          fc.oneof(fc.jsonValue(), fc.constantFrom(...Object.values(good))),
        ]),
      ),
      { requiredKeys: [] },
    );
    fc.assert(fc.property(fields, (value) => void refusal(JSON.stringify(value))));
    fc.assert(fc.property(fc.string(), (text) => void refusal(text)));
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    const odd = parseDevInfo('{"pid":1,"addr":"127.0.0.1:1","__proto__":{"polluted":1}}', rules);
    expect((odd as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

test.each([
  [{ vitePort: 5173 }, "http://127.0.0.1:5173/", 5173],
  [{ vitePort: 5173, viteBase: "/app/" }, "http://127.0.0.1:5173/app/", 5173],
  [{ viteUrl: "http://localhost:4000/app" }, "http://localhost:4000/app/", 4000],
  [{ viteUrl: "https://localhost", viteBase: "/a/", vitePort: 1 }, "https://localhost/a/", 443],
  [{}, "", 0],
])("the UI of %j is at %j", (info, address, port) => {
  const parsed = parseDevInfo(JSON.stringify({ ...good, ...info }), rules);
  expect([uiAddress(parsed), uiPort(parsed)]).toEqual([address, port]);
});

test("loopback is what cannot leave the machine", () => {
  for (const host of ["127.0.0.1", "[::1]", "::1", "LOCALHOST"])
    expect(isAllowedHost(host, []), host).toBe(true);
  for (const host of ["", "::", "127.1", "0x7f000001", "localhost.", "10.0.0.1"])
    expect(isAllowedHost(host, []), host).toBe(false);
  expect(isAllowedHost("Dev.Internal", ["dev.internal"])).toBe(true);
});

describe("places", () => {
  const places = placesOf({
    projects: [
      { id: "shop-1a2b3c", root: "/srv/[odd]/shop" },
      { id: "api", root: "/srv/api" },
    ],
    stateDirectories: ["/state"],
    globs: ["/globs/*/build/**/*.devinfo"],
    files: ["/named/x.json"],
  });

  test.each([
    ["/srv/[odd]/shop/.devinfo", true],
    ["/srv/o/shop/.devinfo", false],
    ["/srv/api/ui/.devinfo", false],
    ["/state/plugins/any/.devinfo", true],
    ["/state/plugins/.devinfo", false],
    ["/state/plugins/a/b/.devinfo", false],
    ["/globs/a/build/x.devinfo", true],
    ["/globs/a/build/b/c/.devinfo", true],
    ["/globs/a/build/node_modules/c/.devinfo", false],
    ["/globs/build/x.devinfo", false],
    ["/named/x.json", true],
  ])("%s is a place: %s", (file, isPlace) => {
    expect(places.isPlace(file)).toBe(isPlace);
  });

  test.each([
    ["/", true],
    ["/state", true],
    ["/state/plugins/a", true],
    ["/state/plugins/a/b", false],
    ["/other", false],
    ["/globs/a/build/b/c", true],
  ])("%s leads to one: %s", (folder, leads) => {
    expect(places.leads(folder)).toBe(leads);
  });

  test.each([
    ["/srv/[odd]/shop/.devinfo", "shop-1a2b3c"],
    ["/state/plugins/shop/.devinfo", "shop-1a2b3c"],
    ["/state/plugins/api/.devinfo", "api"],
    ["/srv/api/build/out/.devinfo", "api"],
    ["/state/plugins/unknown/.devinfo", "unknown"],
    ["/state/plugins/a b/.devinfo", undefined],
  ])("%s belongs to %s", (file, id) => {
    expect(places.ownerOf(file)?.id).toBe(id);
  });

  test("an id is never a path", () => {
    for (const id of ["a", "A.b_c-9", "x".repeat(64)]) expect(isProjectId(id), id).toBe(true);
    for (const id of ["", ".", "..", "a/b", "a\\b", "x".repeat(65), "a b", "a\n"])
      expect(isProjectId(id), id).toBe(false);
  });
});
