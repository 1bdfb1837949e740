import { expect, test } from "vitest";
import {
  createSourceFilter,
  outputsOf,
} from "../../../../src/server/dev-servers/builds/source-filter.ts";

const filter = createSourceFilter({
  root: "/w/app",
  include: ["pkg/**/*.go", "go.mod", "cmd/*.{go,s}"],
  exclude: ["**/gen/**", "pkg/*_string.go"],
  outputs: ["/w/app/pkg/bin"],
});

test("sources are what is included and not excluded, never what a build writes or nobody looks at", () => {
  const files = [
    "pkg/a.go",
    "pkg/deep/er/b.go",
    "go.mod",
    "cmd/x.s",
    "cmd/deep/x.go",
    "pkg/notes.txt",
    "pkg/gen/c.go",
    "pkg/kind_string.go",
    "pkg/vendor/d.go",
    "pkg/node_modules/e.go",
    "pkg/.git/f.go",
    "pkg/bin/g.go",
    "pkg/.h.go.swp",
    "main.go",
    "../other/pkg/a.go",
  ];
  expect(files.filter((file) => filter.isSource(`/w/app/${file}`))).toEqual([
    "pkg/a.go",
    "pkg/deep/er/b.go",
    "go.mod",
    "cmd/x.s",
  ]);
});

test("folders are entered only on the way to sources", () => {
  const folders = [
    "",
    "pkg",
    "pkg/deep",
    "pkg/gen",
    "pkg/vendor",
    "pkg/.hidden",
    "pkg/bin",
    "cmd",
    "ui",
    "node_modules",
  ];
  expect(
    folders.filter((folder) => !filter.isIgnored(`/w/app/${folder}`.replace(/\/$/, ""), "folder")),
  ).toEqual(["", "pkg", "pkg/deep", "cmd"]);
});

test("a pattern from the root enters everything that is not ignored", () => {
  const all = createSourceFilter({ root: "/w", include: ["**/*.ts"], exclude: [], outputs: [] });
  expect(all.isIgnored("/w/any/where", "folder")).toBe(false);
  expect(all.isIgnored("/w/a.ts", "file")).toBe(false);
  expect(all.isIgnored("/w/a.js", "file")).toBe(true);
});

test.each([
  ["/w/build/bin/app", ["pkg/**/*.go"], ["/w/build/bin"]],
  ["/w/pkg/bin/app", ["pkg/**/*.go"], ["/w/pkg/bin"]],
  ["/w/out/app", ["**/*.ts"], ["/w/out"]],
  ["/w/pkg/app", ["pkg/**/*.go"], ["/w/pkg/app", "/w/pkg/app.new", "/w/pkg/app.prev"]],
  ["/w/app", ["main.go"], ["/w/app", "/w/app.new", "/w/app.prev"]],
  ["/state/app", ["**/*.go"], ["/state"]],
])("a build of %s from %j writes %j", (file, include, outputs) => {
  expect(outputsOf([file], "/w", include)).toEqual(outputs);
});
