/** Small constructors of the panel's elements. */

/** An element with attributes and children; strings become text, never markup (W-07). */
export function element(
  name: string,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly (Node | string)[]
): HTMLElement {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** A button with an icon only; `label` is what it says to the mouse and to a screen reader. */
export function iconButton(
  icon: string,
  label: string,
  press: (event: Event) => void,
): HTMLElement {
  const button = element("vscode-toolbar-button", { icon, label, title: label });
  button.addEventListener("click", press);
  return button;
}
