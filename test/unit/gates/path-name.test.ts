import * as fc from "fast-check";
import { expect, test } from "vitest";
import { UserError } from "../../../src/protocol/errors.ts";
import { isDenied } from "../../../src/server/files/deny-list.ts";
import { checkName } from "../../../src/server/files/path-name.ts";

let cases = 0;
function verdict(name: unknown, kind: "url" | "json"): "passed" | "refused" {
  cases++;
  try {
    checkName(name as string, kind);
    return "passed";
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ code: "path_refused" });
    return "refused";
  }
}

/** F-03, one per line; the same whether it comes as URL or as JSON. */
const badEverywhere = String.raw`
../x
a/../../x
..\x
....//x
//etc/hosts
C:/x
C:x
\\host\s\x
//?/C:/x
file:///x
x/
x/.
./a
a/.
a//b
a.
...
a/...
CON
nul.txt
NUL .txt
COM1.js
com¹.txt
LPT9
CONIN$
clock$.x
aux
a:b
a\b
x::$DATA
ENV~1
GIT~1/config
PROGRA~1
abc~2.tx
~
~/x
.env/
．．/x
a/‥/b
a/…
%252e%252e%252fx
a%2500b
a%255cb
`
  .trim()
  .split("\n");

const badUrls = String.raw`
%2e%2e/x
..%2fx
..%5cx
x%00.js
x.js/..%2f..
%c0%ae%c0%ae/x
%ed%a0%80
%
%E0%A4%A
/@fs//x
//x
/%2fx
x?raw
x#y
x%0a
x%c2%85
x%e2%80%ae.js
x%ef%bb%bf
a%20
%20a
`
  .trim()
  .split("\n");

const badTexts: readonly unknown[] = [
  "",
  " ",
  " a",
  "a ",
  "a\u0000b",
  "a\nb",
  "a\u007f",
  "a\u0085",
  "a\u200eb",
  "a\u202eb",
  "a\u2066b",
  "a\u061cb",
  "a\ufeffb",
  "a\u2028b",
  "/x",
  "/etc/hosts",
  "a%2e%2eb",
  "a%2Fb",
  "a%5Cb",
  "a%00b",
  "a%25b",
  "\ud800",
  "a\udc00b",
  "x".repeat(201),
  "日".repeat(67),
  Array.from({ length: 33 }, () => "a").join("/"),
  "ab/".repeat(350) + "x",
  "x".repeat(5000),
  "a/".repeat(1000) + "a",
  7,
  null,
  undefined,
  true,
  ["a"],
  {},
  { length: 1 },
  Symbol.iterator,
];

/** F-04: raw URL and the name it means. */
const good: readonly (readonly [url: string, name: string])[] = [
  ["a..b.js", "a..b.js"],
  ["foo~bar.js", "foo~bar.js"],
  ["na%C3%AFve.ts", "naïve.ts"],
  ["%E6%97%A5%E6%9C%AC.md", "日本.md"],
  ["a%20b.js", "a b.js"],
  ["a%23b.js", "a#b.js"],
  ["100%25.js", "100%.js"],
  ["[id].tsx", "[id].tsx"],
  ["(group)/page.tsx", "(group)/page.tsx"],
  ["@scope/x.js", "@scope/x.js"],
  ["console.js", "console.js"],
  ["com.config.js", "com.config.js"],
  ["environment.ts", "environment.ts"],
  [".well-known/x.json", ".well-known/x.json"],
  ["__proto__", "__proto__"],
  ["constructor/x", "constructor/x"],
  ["con-fig.js", "con-fig.js"],
  ["com10.js", "com10.js"],
  ["null.txt", "null.txt"],
  ["backup~2024.md", "backup~2024.md"],
  ["a~b~1c", "a~b~1c"],
  ["a/b/c/d.txt", "a/b/c/d.txt"],
  ["e%CC%81.md", "e\u0301.md"],
  ["%F0%9F%99%82.md", "🙂.md"],
];

test("names that mean another file, or none, are refused before the disk is asked", () => {
  for (const name of badEverywhere)
    expect([verdict(name, "json"), verdict(name, "url")], name).toEqual(["refused", "refused"]);
  for (const url of badUrls) expect(verdict(url, "url"), url).toBe("refused");
  for (const name of badTexts) expect(verdict(name, "json"), String(name)).toBe("refused");
});

test("ordinary names pass, decoded exactly once", () => {
  for (const [url, name] of good) {
    cases += 3;
    expect(checkName(url, "url")).toEqual(name.split("/"));
    expect(checkName(`/${url}`, "url")).toEqual(name.split("/"));
    expect(checkName(name, "json")).toEqual(name.split("/"));
  }
  expect(checkName("x".repeat(200), "json")).toHaveLength(1);
  expect(checkName(Array.from({ length: 32 }, () => "a").join("/"), "json")).toHaveLength(32);
});

test("a refusal names what is wrong and shows no raw control character", () => {
  expect(() => checkName("a\u001b[2J\u202e", "json")).toThrow(
    /^The name "a\\u\{1b\}\[2J\\u\{202e\}" has a character that is not allowed; /,
  );
  expect(() => checkName(7 as unknown as string, "json")).toThrow("of a value that is no text");
});

test("whatever text comes in, what passes is relative, plain and stays where it is joined", () => {
  const part = fc.oneof(
    fc.constantFrom("..", ".", "", "a", "%2e", "%2f", "\\", "C:", "~", "．", "con", " ", "ENV~1"),
    fc.string({ unit: "binary", maxLength: 6 }),
  );
  const anyName = fc.array(part, { maxLength: 8 }).map((parts) => parts.join("/"));
  fc.assert(
    fc.property(anyName, fc.constantFrom("url" as const, "json" as const), (name, kind) => {
      if (verdict(name, kind) === "refused") return;
      for (const segment of checkName(name, kind))
        expect(segment).toMatch(/^(?!\.{1,2}$)[^/\\:\0]+$/);
    }),
    { numRuns: 5000 },
  );
});

const denied = String.raw`
.env
.ENV
.env.local
.envrc
.env.
.env%20
.env/
.env\
.env::$DATA
.env?raw
.env?import&raw
.env#x
a/b/.env
ENV~1
a.pem
A.PEM
a.pem.
a.pem ::$DATA
server.crt
x.key
x.p12
x.pfx
x.cer
x.der
x.jks
x.kdbx
id_rsa
ID_RSA.pub
id_ed25519
id_dsa
id_ecdsa_sk
.npmrc
.yarnrc
.yarnrc.yml
.netrc
.git/config
.GIT/config
.git
.git./config
src/.git/hooks/x
.hg/store
.svn/entries
.ssh/known
.aws/credentials
.vscode/settings.json
.vitrine-1-x.tmp
.vitrine-own
@id/__x00__.env
@fs/C:/x/.env
@id/virtual:.env
@fs/home/me/.ssh/x
．ｅｎｖ
.ſsh/x
x.Key
`
  .trim()
  .split("\n");

const allowed = String.raw`
environment.ts
a.env
env
id_card.png
id_token.ts
identity.ts
pem.ts
key.ts
a.pem.ts
.github/workflows/x.yml
.gitignore
.gitattributes
.well-known/x
git/config
vscode/x
vitrine.json
npmrc
foo~bar.js
@id/__x00__plugin-vue:export-helper
node_modules/.vite/deps/x.js
keyboard.ts
`
  .trim()
  .split("\n");

test("files that may hold secrets are denied in every spelling, and nothing else is", () => {
  cases += denied.length + allowed.length + 3;
  expect(denied.filter((path) => !isDenied(path.replaceAll("%20", " ")))).toEqual([]);
  expect(allowed.filter((path) => isDenied(path))).toEqual([]);
  expect([".g\u200cit/x", ".e\u00adnv", "\0.env"].map(isDenied)).toEqual([true, true, true]);
});

test("checking takes linear time", () => {
  const time = (size: number): number => {
    const texts = [
      "%2e".repeat(size),
      ". ".repeat(size),
      "~1".repeat(size),
      "a/".repeat(size),
      "\ud800".repeat(size),
    ];
    const start = performance.now();
    for (const text of texts) {
      isDenied(text);
      verdict(text, "url");
    }
    return performance.now() - start;
  };
  time(20_000);
  const small = time(20_000);
  expect(time(40_000)).toBeLessThan(small * 5 + 20);
});

test("the tables are as large as they were", () => {
  console.log(`path names: ${cases} cases`);
  expect(cases).toBeGreaterThan(300);
});
