/** `node:assert` and `node:assert/strict` of pages and workers; built as one module, `<base>-daebug-node:assert.js`. */
import * as assertions from "./assert/assertions.ts";
import { AssertionError } from "./assert/assertion-error.ts";
import * as throwing from "./assert/throwing.ts";

export {
  deepEqual,
  deepStrictEqual,
  doesNotMatch,
  equal,
  fail,
  ifError,
  match,
  notDeepEqual,
  notDeepStrictEqual,
  notEqual,
  notStrictEqual,
  ok,
  partialDeepStrictEqual,
  strictEqual,
} from "./assert/assertions.ts";
export { AssertionError } from "./assert/assertion-error.ts";
export { doesNotReject, doesNotThrow, rejects, throws } from "./assert/throwing.ts";

type Members = Omit<typeof assertions, "ok"> & typeof throwing;
type Assert = typeof assertions.ok &
  Members & { ok: Assert; AssertionError: typeof AssertionError; strict: Assert };

/** The strict form: the short names compare as the long ones do. */
export const strict = withMembers((...args) => assertions.ok(...args), {
  equal: assertions.strictEqual,
  notEqual: assertions.notStrictEqual,
  deepEqual: assertions.deepStrictEqual,
  notDeepEqual: assertions.notDeepStrictEqual,
});
strict.strict = strict;

const assert = withMembers(assertions.ok, { strict });

// oxlint-disable-next-line import/no-default-export -- `import assert from "node:assert"` is how it is used
export default assert;

function withMembers(call: typeof assertions.ok, changes: object): Assert {
  const members = { ...assertions, ...throwing, AssertionError, ...changes };
  return Object.assign(call, members, { ok: call }) as unknown as Assert;
}
