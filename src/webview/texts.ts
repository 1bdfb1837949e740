/** Words by their English form; the host passes the editor's translations in the document. */

let translations: Readonly<Record<string, unknown>> = {};

/** Takes the table from `<meta name="vitrine-texts">`. */
export function readTexts(document: Document): void {
  const content = document.querySelector<HTMLMetaElement>('meta[name="vitrine-texts"]')?.content;
  if (content) translations = JSON.parse(content) as Record<string, unknown>;
}

/** The text in the editor's language, with `{0}`, `{1}` … replaced. */
export function t(text: string, ...values: readonly (string | number)[]): string {
  const found = translations[text];
  const template = typeof found === "string" ? found : text;
  return template.replace(/\{(\d+)\}/g, (whole, index: string) =>
    String(values[Number(index)] ?? whole),
  );
}
