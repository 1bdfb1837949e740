/** Problem matchers that stand in a configuration (dev-servers 4.3): a name, a matcher of VS Code's form, or several. */
import * as v from "valibot";
import type { ProblemMatcher } from "../../../protocol/problem-matcher.ts";

const mostMatchers = 100;
const anObject = "an object";

const anExpression = "a regular expression";
const expression = v.pipe(v.string(anExpression), v.check(isExpression, anExpression));
const aGroup = "the number of a group";
const group = v.exactOptional(
  v.pipe(v.number(aGroup), v.integer(aGroup), v.minValue(0, aGroup), v.maxValue(100, aGroup)),
);
const aList = "a matcher, or a list of at least one";

const pattern = v.object(
  {
    regexp: expression,
    kind: v.exactOptional(v.picklist(["file", "location"], '"file" or "location"')),
    file: group,
    line: group,
    column: group,
    endLine: group,
    endColumn: group,
    location: group,
    severity: group,
    code: group,
    message: group,
    loop: v.exactOptional(v.boolean("true or false")),
  },
  anObject,
);

/** VS Code takes the expression itself or an object around it; here it is the expression. */
const line = v.lazy((input) =>
  typeof input === "object" && input !== null
    ? v.pipe(
        v.object({ regexp: expression }),
        v.transform(({ regexp }) => regexp),
      )
    : expression,
);

const kinds = ["relative", "autoDetect"] as const;
const fileLocation = v.lazy((input) =>
  Array.isArray(input)
    ? v.strictTuple(
        [v.picklist(kinds, '"relative" or "autoDetect"'), v.string("a folder")],
        '["relative", "<folder>"]',
      )
    : v.picklist(["absolute", ...kinds], '"absolute", "relative" or "autoDetect"'),
);

const matcher: v.GenericSchema<unknown, ProblemMatcher> = v.object(
  {
    owner: v.exactOptional(v.string("a text")),
    source: v.exactOptional(v.string("a text")),
    severity: v.exactOptional(
      v.picklist(["error", "warning", "info"], '"error", "warning" or "info"'),
    ),
    fileLocation: v.exactOptional(fileLocation),
    pattern: v.lazy((input) =>
      Array.isArray(input) ? v.pipe(v.array(pattern), v.minLength(1, aList)) : pattern,
    ),
    background: v.exactOptional(v.object({ beginsPattern: line, endsPattern: line }, anObject)),
  },
  anObject,
);

const aName = "the name of a problem matcher, a matcher, or a list of matchers";

export const problemsSchema: v.GenericSchema<
  unknown,
  string | ProblemMatcher | readonly ProblemMatcher[]
> = v.lazy((input) => {
  if (Array.isArray(input))
    return v.pipe(v.array(matcher), v.maxLength(mostMatchers, "a shorter list"));
  if (typeof input === "object" && input !== null) return matcher;
  return v.pipe(v.string(aName), v.regex(/^\$?[A-Za-z][\w.-]{0,99}$/, aName));
});

function isExpression(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}
