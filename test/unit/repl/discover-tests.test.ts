import { chmod, mkdir, realpath, symlink } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { glob } from "../../../src/server/files/glob.ts";
import { discoverTests } from "../../../src/server/repl/discover-tests.ts";
import { removeTree, writeTree } from "../../support/server.ts";

let root = "";
let other = "";

beforeAll(async () => {
  const names = [
    "a.test.js",
    "b.test.ts",
    "lib/c d.test.js",
    "lib/100%.test.js",
    "lib/deep/e.test.js",
    "node_modules/p/p.test.js",
    "lib/node_modules/p/p.test.js",
    ".git/g.test.js",
    "dist/d.test.js",
    "lib/build/b.test.js",
    "daebug/log.test.js",
    "lib/daebug/kept.test.js",
    "lib/a.test.json",
  ];
  root = await writeTree(Object.fromEntries(names.map((name) => [name, ""])));
  other = await writeTree({ "o.test.js": "" }, "project2");
  await symlink(other, path.join(root, "outside"));
  await symlink(path.join(other, "o.test.js"), path.join(root, "outside.test.js"));
  await symlink(root, path.join(root, "lib", "round"));
  await symlink(path.join(root, "lib", "deep"), path.join(root, "linked"));
  await symlink("nowhere", path.join(root, "broken.test.js"));
});
afterAll(async () => {
  await removeTree(root);
  await removeTree(other);
});

const found = [
  "/a.test.js",
  "/lib/100%.test.js",
  "/lib/c d.test.js",
  "/lib/daebug/kept.test.js",
  "/lib/deep/e.test.js",
  "/linked/e.test.js",
];

test("the defaults find test files at any depth, but not those of packages, builds and logs", async () => {
  expect(await discoverTests(root, {})).toEqual(found);
  expect(await discoverTests(root, { files: "**/*.test.js", exclude: undefined })).toEqual(found);
});

test.for<[body: object, files: string[]]>([
  [{ files: "a.test.js" }, ["/a.test.js"]],
  [{ files: "./a.test.js" }, ["/a.test.js"]],
  [{ files: ["/a.test.js", "*.test.{js,ts}"] }, ["/a.test.js", "/b.test.ts"]],
  [{ files: [] }, []],
  [{ files: "../project2/*.test.js" }, []],
  [{ files: "outside/**" }, []],
  [{ files: "dist/**" }, []],
  [{ files: "dist/**", exclude: [] }, ["/dist/d.test.js"]],
  [{ files: "lib/*.test.js", exclude: ["lib/c*"] }, ["/lib/100%.test.js"]],
  [{ files: "*.test.js", cwd: "lib/deep" }, ["/lib/deep/e.test.js"]],
  [
    {
      cwd: "lib",
      exclude: ["lib/deep/**", "daebug/**", "**/node_modules/**", "build/**", "round/**"],
    },
    ["/lib/100%.test.js", "/lib/c d.test.js"],
  ],
  [{ cwd: ".", files: "a.*" }, ["/a.test.js"]],
  [{ cwd: "missing" }, []],
])("%j", async ([body, files]) => {
  expect(await discoverTests(root, body)).toEqual(files);
});

test("an absolute folder below the root is as good as a relative one", async () => {
  expect(await discoverTests(root, { files: "*.js", cwd: path.join(root, "lib", "deep") })).toEqual(
    ["/lib/deep/e.test.js"],
  );
});

test.for<[body: unknown, message: RegExp]>([
  [null, /not an object/],
  ["**", /not an object/],
  [{ files: 1 }, /"files"/],
  [{ files: ["a", null] }, /"files/],
  [{ files: "a".repeat(2000) }, /"files"/],
  [{ exclude: "dist" }, /"exclude"/],
  [{ cwd: ".." }, /not below the root/],
  [{ cwd: "../project2" }, /not below the root/],
  [{ cwd: "/" }, /not below the root/],
  [{ cwd: "outside" }, /not below the root/],
])("%j is refused", async ([body, message]) => {
  await expect(discoverTests(root, body)).rejects.toMatchObject({
    code: "bad_request",
    message: expect.stringMatching(message),
  });
});

test("a folder whose name only begins like the root is outside", async () => {
  const parent = await realpath(path.dirname(root));
  await mkdir(path.join(parent, "project-next"));
  await expect(
    discoverTests(root, { cwd: path.join(parent, "project-next") }),
  ).rejects.toMatchObject({ code: "bad_request" });
});

test("folders that cannot be read and roots that are not there give nothing", async () => {
  const locked = path.join(root, "locked");
  await mkdir(locked);
  await chmod(locked, 0);
  expect(await glob(root, ["a.test.js", "locked/**"], [])).toEqual(["/a.test.js"]);
  await chmod(locked, 0o700);
  expect(await glob(path.join(root, "missing"), ["**"], [])).toEqual([]);
});
