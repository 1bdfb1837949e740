/** Directives of a content security policy (CSP 3, 2.2.1): names in lower case, the first of a name counts. */
export function readDirectives(policy: string): ReadonlyMap<string, readonly string[]> {
  const directives = new Map<string, readonly string[]>();
  for (const directive of policy.split(";")) {
    const [name = "", ...values] = directive.trim().split(/\s+/);
    if (!directives.has(name.toLowerCase())) directives.set(name.toLowerCase(), values);
  }
  return directives;
}

/** Where scripts of elements may come from, as written; undefined when the policy says nothing about them. */
export function scriptSources(
  directives: ReadonlyMap<string, readonly string[]>,
): readonly string[] | undefined {
  return (
    directives.get("script-src-elem") ??
    directives.get("script-src") ??
    directives.get("default-src")
  );
}

/** The policies that a server's settings send with every page. */
export function policiesInHeaders(
  headers: Readonly<Record<string, number | string | readonly string[] | undefined>> = {},
): string[] {
  return Object.entries(headers)
    .filter(([name]) => name.toLowerCase() === "content-security-policy")
    .map(([, value]) => String(value));
}
