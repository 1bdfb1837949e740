/** Pure: the document of the panel's webview. */

export interface PanelDocument {
  /** `webview.cspSource`. */
  readonly source: string;
  /** Addresses of the built script and style sheet inside the webview. */
  readonly script: string;
  readonly style: string;
  readonly nonce: string;
  /** The one origin that may be framed; undefined allows none. */
  readonly origin: string | undefined;
  /** Translations by English text, when the editor runs in another language. */
  readonly texts: Readonly<Record<string, unknown>>;
  readonly language: string;
}

/** W-02: everything is forbidden first; scripts by nonce, styles and fonts from the extension, frames from one origin. */
export function contentPolicy({
  source,
  nonce,
  origin,
}: Pick<PanelDocument, "source" | "nonce" | "origin">): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${source}`,
    `font-src ${source}`,
    `frame-src ${origin ?? "'none'"}`,
  ].join("; ");
}

/** Every value is escaped on its way in (W-07). */
export function panelHtml(document: PanelDocument): string {
  return `<!doctype html>
<html lang="${escape(document.language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escape(contentPolicy(document))}">
<meta name="vitrine-texts" content="${escape(JSON.stringify(document.texts))}">
<link rel="stylesheet" id="vscode-codicon-stylesheet" href="${escape(document.style)}">
</head>
<body><script type="module" nonce="${escape(document.nonce)}" src="${escape(document.script)}"></script></body>
</html>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
