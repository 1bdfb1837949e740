/** What is to be said about a plugin that the host page renders without our element stands at the edge of the page. */
import type { Plugin } from "./plugin.ts";

export function showNotices(id: string, plugin: Plugin): void {
  plugin.subscribe(() => {
    const own = document.querySelector(`vitrine-plugin[notice-only][name="${id}"]`);
    const isShown =
      document.querySelector(`vitrine-plugin:not([notice-only])[name="${id}"]`) !== null;
    const isWanted = plugin.view().message !== "" && !isShown;
    if (!isWanted) return own?.remove();
    if (own !== null) return;
    const notice = document.createElement("vitrine-plugin");
    notice.setAttribute("name", id);
    notice.setAttribute("notice-only", "");
    edge().append(notice);
  });
}

const edgeId = "vitrine-plugin-notices";

function edge(): HTMLElement {
  const known = document.getElementById(edgeId);
  if (known !== null) return known;
  const made = document.createElement("div");
  made.id = edgeId;
  // Set one by one: a policy of the page may forbid style attributes.
  made.style.position = "fixed";
  made.style.inset = "auto 0 0 0";
  made.style.zIndex = "2147483000";
  document.body.append(made);
  return made;
}
