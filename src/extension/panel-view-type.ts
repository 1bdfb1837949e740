/** Type of the preview's webview panel: the manifest's `onWebviewPanel` and the serializer name it too. */
export const panelViewType = "vitrine.preview";
