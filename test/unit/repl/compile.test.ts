import { describe, expect, test } from "vitest";
import { BlockSyntaxError } from "../../../src/server/repl/compile.ts";
import { compileDocument, createBlockRealm, file } from "./block-realm.ts";

const tick = "```";

function valueOf(code: string, language?: "js" | "ts" | "tsx" | "jsx" | "mts"): Promise<unknown> {
  return createBlockRealm().run(code, language);
}

function toElement(type: unknown, props: unknown): unknown {
  return [type, props];
}

function modules(): Record<string, Record<string, unknown>> {
  return { "./store.js": { default: "d", count: 1, "a-b": 3 }, side: {} };
}

async function failure(document: string): Promise<unknown> {
  return compileDocument(document).then(
    () => "compiled",
    (error: unknown) => error,
  );
}

describe("the value of a block", () => {
  test.each([
    ["the last expression", "1; 2", 2],
    ["without semicolons", "1\n2", 2],
    ["an object literal", "{ a: 1, b: [2] }", { a: 1, b: [2] }],
    ["an empty object", "{}", {}],
    ["an object with a comment behind", "{ a: 1 } // yes", { a: 1 }],
    ["an object in parentheses", "({ a: 1 })", { a: 1 }],
    ["a block is no object", "{ let a = 1; a }", undefined],
    ["a sequence", "1, 2, 3", 3],
    ["a trailing comment", "5 // five", 5],
    ["a trailing block comment", "5 /* five\n*/", 5],
    ["comments below", "5\n// five\n", 5],
    ["empty statements behind", "6;;;", 6],
    ["a template literal over lines", "`a\n${1 + 1}`", "a\n2"],
    ["a directive", '"use strict"', "use strict"],
    ["a string", '"a"; "b"', "b"],
    ["a top-level return", "return 7; 8", 7],
    ["a return inside if", "if (true) return 9\n10", 9],
    ["a declaration has none", "const a = 1", undefined],
    ["a class has none", "class A {}", undefined],
    ["a statement has none", "if (1) 2", undefined],
    ["nothing at all", "", undefined],
    ["only a comment", "// nothing", undefined],
    ["an awaited value", "await Promise.resolve(4)", 4],
    ["a promise", "Promise.resolve(4)", 4],
    ["a call before a hoisted function", "twice(4)\nfunction twice(a) { return 2 * a }", 8],
    ["an assignment", "x = 3", 3],
    ["an arrow function called", "((a) => a + 1)(1)", 2],
    ["an exported default", "export default 3", 3],
    ["null", "null", null],
    ["async iteration", "let s = 0; for await (const n of [1, Promise.resolve(2)]) s += n; s", 3],
    ["unicode", "const größe = '😀'; größe + '\\u{1F600}'", "😀😀"],
    ["a label", "a: for (;;) { break a }\n5", 5],
    [
      "html-like comments are operators",
      "let a = 1, b = 3; const c = a<!--b; let n = 2; while (n --> 1); [c, n]",
      [false, 0],
    ],
    ["CRLF", "const a = 1\r\nconst b = 2\r\na + b", 3],
  ])("%s", async (_, code, expected) => {
    expect(await valueOf(code)).toEqual(expected);
  });

  test("this is the global object, and the code is sloppy unless it says otherwise", async () => {
    expect(await valueOf("this === globalThis")).toBe(true);
    expect(await valueOf("(function () { return typeof this })()")).toBe("object");
    expect(await valueOf('"use strict"; (function () { return typeof this })()')).toBe("undefined");
    expect(await valueOf('"use strict"\nconst a = 1\na')).toBe(1);
  });
});

describe("bindings", () => {
  test("const, let, class and function may be declared again", async () => {
    const realm = createBlockRealm();
    for (const value of [1, 2]) {
      const code = `const a = ${value}; let b = a; class C { v = ${value} } function f() { return a + b + new C().v }\nf()`;
      expect(await realm.run(code)).toBe(3 * value);
    }
  });

  test("closures see what later blocks assign and declare", async () => {
    const realm = createBlockRealm();
    await realm.run(
      "let n = 1; function next() { return step() + n }\nfunction step() { return 10 }",
    );
    expect(await realm.run("n = 5; function step() { return 20 }\nnext()")).toBe(25);
    expect(await realm.run("const n = 7; next()")).toBe(27);
  });

  test("destructuring with defaults, nesting and rest", async () => {
    const realm = createBlockRealm();
    await realm.run(
      "const { a, b: { c = 2 } = {}, ...rest } = { a: 1, d: 4 }, [e, , ...f] = [5, 6, 7, 8]",
    );
    expect(await realm.run("[a, c, rest, e, f]")).toEqual([1, 2, { d: 4 }, 5, [7, 8]]);
  });

  test("a pattern behind a line without semicolon is no call", async () => {
    expect(
      await valueOf(
        "const f = Math.abs\nconst { a } = { a: 1 }\nconst [b] = [2]\nlet c\n;[c] = [3]\nf\n;[a, b, c]",
      ),
    ).toEqual([1, 2, 3]);
    expect(await valueOf("let x = 1\nlet y\nx\n++y\ny")).toBeNaN();
  });

  test("let without a value is undefined again, var keeps its value", async () => {
    const realm = createBlockRealm();
    await realm.run("let a = 1; var b = 2");
    expect(await realm.run("let a; var b; [a, b]")).toEqual([undefined, 2]);
  });

  test("var inside statements reaches the scope, let in a loop does not", async () => {
    const realm = createBlockRealm();
    await realm.run(
      "for (var i = 0, { j } = { j: 5 }; i < 3; i++) { var last = i }\nfor (let k = 0; k < 1; k++);\nfor (var [m] of [[7]]) ;",
    );
    expect(await realm.run("[i, j, last, m, typeof k]")).toEqual([3, 5, 2, 7, "undefined"]);
    expect(await realm.run("function f() { var inner = 1; return inner }\nf(); typeof inner")).toBe(
      "undefined",
    );
  });

  test("a class can be extended by a later block and refers to itself", async () => {
    const realm = createBlockRealm();
    await realm.run("class A { static made = []; constructor() { A.made.push(this) } }");
    expect(await realm.run("class B extends A {}\nnew B(); [A.made.length, B.name]")).toEqual([
      1,
      "B",
    ]);
  });

  test("functions are hoisted, have their names and may be async or generators", async () => {
    const code =
      "const early = [f.name, await g(), ...h()]\nfunction f() {}\nasync function g() { return 1 }\nfunction* h() { yield 2 }\nearly";
    expect(await valueOf(code)).toEqual(["f", 1, 2]);
  });

  test("a function of the scope is called without this, as a plain call is", async () => {
    const code =
      "function strict() { 'use strict'; return this }\nconst tag = strict\nlet x = 1\nstrict()\n;[strict(), strict?.(), tag``]";
    expect(await valueOf(code)).toEqual([undefined, undefined, undefined]);
    expect(await valueOf("const a = () => 5\nconst b = 1\na()\nif (b) a()\nelse a()\na()")).toBe(5);
  });

  test("eval sees the scope", async () => {
    expect(await valueOf("const a = 4; eval('a + 1')")).toBe(5);
  });

  test("using stays local and disposes", async () => {
    const realm = createBlockRealm();
    await realm.run(
      "const log = []; { using a = { [Symbol.dispose]() { log.push(1) } } }\nusing b = { [Symbol.dispose ?? Symbol.for('d')]() { log.push(2) } }",
    );
    expect(realm.scope["log"]).toEqual([1, 2]);
    expect("b" in realm.scope).toBe(false);
  });

  test("nothing becomes a global but what the code assigns undeclared", async () => {
    const realm = createBlockRealm();
    await realm.run("var a = 1; function f() {} class C {}\nloose = 2");
    await realm.run("const dec = (v: any) => v\n@dec class D {}\n{ using x = null }", "ts");
    expect(realm.globals()).toEqual(["loose"]);
  });

  test("the names of the wrapper give way to names in the code", async () => {
    expect(await valueOf("const __scope = 1, __vitrine = 2; __scope + __vitrine")).toBe(3);
  });
});

describe("modules", () => {
  test("imports are live bindings, in every form", async () => {
    const realm = createBlockRealm(modules());
    const code =
      'import def, { count as n, "a-b" as ab } from "./store.js"\nimport * as all from "./store.js"\nimport "side"\n';
    expect(await realm.run(`${code}[def, n, ab, all.count]`)).toEqual(["d", 1, 3, 1]);
    realm.modules["./store.js"]!["count"] = 2;
    expect(await realm.run("[n, all.count]")).toEqual([2, 2]);
    expect(realm.asked).toEqual(["./store.js", "./store.js", "side"]);
  });

  test("an import below code runs before it, and an imported name may be declared later", async () => {
    const realm = createBlockRealm(modules());
    expect(
      await realm.run('const before = count\nimport { count } from "./store.js"\nbefore'),
    ).toBe(1);
    expect(await realm.run("const count = 9; count")).toBe(9);
  });

  test("dynamic imports and import.meta go through the realm", async () => {
    const realm = createBlockRealm(modules());
    const code =
      "const load = async (name) => (await import(name)).count\n;[await load('./store.js'), (await import(`side`)) !== null, import.meta.url]";
    expect(await realm.run(code)).toEqual([1, true, "file:///projects/notes.md"]);
  });

  test("types are not imported", async () => {
    const realm = createBlockRealm(modules());
    await realm.run(
      'import type { T } from "none"\nimport { type U, count } from "./store.js"\nimport { type V } from "none"\nexport type { T } from "none"',
      "ts",
    );
    expect(realm.asked).toEqual(["./store.js"]);
    expect(Object.keys(realm.scope)).toEqual(["count"]);
  });

  test("exports are declarations", async () => {
    const realm = createBlockRealm(modules());
    await realm.run(
      'export const a = 1\nexport function f() { return a }\nexport class C {}\nexport { a as b }\nexport * from "side"\nexport { count } from "./store.js"\nexport default function g() { return 5 }',
    );
    expect(await realm.run("[f(), typeof C, g()]")).toEqual([1, "function", 5]);
    expect(realm.asked).toEqual(["side", "./store.js"]);
  });

  test("literal specifiers are listed", async () => {
    const document = `${tick}ts\nimport "a"; import b from "b" with { type: "json" }; import("c"); import(\`d\`); import(e); export * from "f"\n${tick}`;
    const { specifiers, script } = await compileDocument(document);
    expect(specifiers).toEqual(["a", "b", "f", "c", "d"]);
    expect(script).toContain('{ "type": "json" }');
  });
});

describe("TypeScript and JSX", () => {
  test.each([
    [
      "annotations",
      "const a: number = 1, [b]: [string] = ['x']; let c!: boolean; [a, b, c]",
      [1, "x", undefined],
    ],
    [
      "generics, satisfies, as and !",
      "function id<T>(x: T): T { return x }\n(id<number>(1) as number) + id!({ a: 2 } satisfies object as any).a",
      3,
    ],
    ["overloads", "function f(a: string): void\nfunction f(a: any) { return a }\nf(3)", 3],
    ["an enum", "enum E { A = 1, B }\n[E.B, E[1]]", [2, "A"]],
    ["a const enum", "const enum E { A = 'x' }\nE.A", "x"],
    [
      "a namespace",
      "namespace N { export const a = 1; export namespace M { export const b = 2 } }\nN.a + N.M.b",
      3,
    ],
    [
      "types vanish",
      "interface I { a: 1 }\ntype T = I\ndeclare const z: T\ndeclare global { var q: number }\n4",
      4,
    ],
    [
      "an abstract class with parameter properties",
      "abstract class A { abstract f(): void; constructor(readonly a: number) {} }\nclass B extends A { f() {} }\nnew B(6).a",
      6,
    ],
    [
      "a class with generics",
      "class Box<T> { constructor(public value: T) {} get(): T { return this.value } }\nnew Box<number>(7).get()",
      7,
    ],
    [
      "a decorator",
      "const log: unknown[] = []\nfunction dec(v: unknown) { return (x: any, c: any) => { log.push(c.kind, v) } }\n@dec(1) class A { @dec(2) m() {} }\nlog",
      ["method", 2, "class", 1],
    ],
    ["import type does not end a value", "5\ntype T = number", 5],
  ])("%s", async (_, code, expected) => {
    expect(await valueOf(code, "ts")).toEqual(expected);
  });

  test("an enum and a namespace are seen by later blocks", async () => {
    const realm = createBlockRealm();
    await realm.run("enum E { A, B }\nexport namespace N { export const a = E.B }", "ts");
    expect(await realm.run("[E.B, N.a]")).toEqual([1, 1]);
  });

  test("JSX uses the runtime of the realm, also in js", async () => {
    const runtime = { "react/jsx-runtime": { jsx: toElement, jsxs: toElement, Fragment: "" } };
    for (const language of ["tsx", "jsx", "js"] as const) {
      const realm = createBlockRealm(runtime);
      expect(
        await realm.run("const jsx = 1\nconst view = () => <><b a={jsx}/>x</>\nview()", language),
      ).toEqual(["", { children: [["b", { a: 1 }], "x"] }]);
      expect(await realm.run("view()[0]", language)).toBe("");
    }
    const { specifiers } = await compileDocument(`${tick}tsx\n<a/>\n${tick}`);
    expect(specifiers).toEqual(["react/jsx-runtime"]);
  });

  test("a cast in ts is no element", async () => {
    expect(await valueOf("<number>(1 as unknown)", "ts")).toBe(1);
  });
});

describe("mistakes", () => {
  test.each([
    ["the parser's", `# a\n\n${tick}js\nconst a = {\n${tick}`, 4, 12],
    ["in a list item", `- a\n\n  ${tick}ts\n  let x: number = 1\n  let y = = 2\n  ${tick}`, 5, 11],
    ["V8's", `${tick}js\n1\nfunction f() {\n  "😀"; let a; let a\n}\n${tick}`, 4, 20],
    ["esbuild's", `${tick}ts\nlet n: number\nfunction f() {\n  let a; let a\n}\n${tick}`, 4, 14],
    ["import = has", `${tick}ts\nimport fs = require("fs")\n${tick}`, 2, 1],
    ["a namespace's", `${tick}ts\n1\nnamespace N { let a; let a }\n${tick}`, 3, 1],
  ])("%s have a place in the document", async (_, document, line, column) => {
    const error = await failure(document);
    expect(error).toBeInstanceOf(BlockSyntaxError);
    expect(error).toMatchObject({ line, column });
  });

  test("a return in a nested place where none may stand is a mistake", async () => {
    expect(await failure(`${tick}js\nclass A { static { return 1 } }\n${tick}`)).toBeInstanceOf(
      BlockSyntaxError,
    );
  });
});

test("lines of a js script are lines of the block, and the map leads to the document", async () => {
  const document = `text\n\n1. ${tick}js\n   const a = 1\n\n   a.b.c\n   ${tick}\n`;
  const { script, map } = await compileDocument(document);
  expect(script.split("\n")[2]).toContain("a.b.c");
  expect(map).toMatchObject({ version: 3, sources: [file], sourcesContent: [document] });
});
