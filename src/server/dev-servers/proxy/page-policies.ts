/** What the content security policies of a page mean for our client in it. Pure. */
import { readDirectives, scriptSources } from "../../content-policy.ts";
import { allowsOwnScripts } from "../../modules/html.ts";

/** The policies of a response's headers: several may stand in one, after commas. */
export function policiesOf(header: string | readonly string[] | undefined): string[] {
  return [header ?? []]
    .flat()
    .flatMap((value) => value.split(","))
    .filter((policy) => policy.trim() !== "");
}

/** Whether our scripts may run under all of them. */
export function allowClient(policies: readonly string[]): boolean {
  const isNonced = nonceIn(policies) !== undefined;
  return policies.every((policy) => allowsOwnScripts(policy, isNonced));
}

/** The nonce that scripts of the page need, undefined when none does. */
export function nonceIn(policies: readonly string[]): string | undefined {
  const sources = policies.flatMap((policy) => scriptSources(readDirectives(policy)) ?? []);
  return sources
    .map((source) => /^'nonce-([\w+/=-]+)'$/i.exec(source)?.[1])
    .find((nonce) => nonce !== undefined);
}
