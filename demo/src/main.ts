import { basket } from "./basket.ts";
import { euros } from "./plants.ts";
import * as firstShelf from "./shelf.ts";

let view = firstShelf;

function render(): void {
  document.querySelector("#tagline")!.textContent = view.tagline;
  document.querySelector("#basket")!.textContent =
    basket.total() > 0 ? euros(basket.total()) : "empty basket";
  view.renderShelf(document.querySelector("#shelf")!);
}

basket.onChange(render);
render();

// A new shelf is drawn at once, and the basket stays as it is.
import.meta.hot?.accept("./shelf.ts", (shelf) => {
  if (shelf) view = shelf as unknown as typeof firstShelf;
  render();
});
