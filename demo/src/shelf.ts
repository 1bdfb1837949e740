import { basket } from "./basket.ts";
import { euros, plants, type Plant } from "./plants.ts";

export const tagline = "Plants that forgive you.";

export function renderShelf(shelf: HTMLElement): void {
  shelf.replaceChildren(...plants.map(card));
}

function card(plant: Plant): HTMLElement {
  const article = document.createElement("article");
  article.innerHTML = `
    ${drawing(plant)}
    <h2>${plant.name}</h2>
    <p>${euros(plant.price)}</p>
    <button type="button">Add</button>`;
  const count = basket.count(plant.id);
  const button = article.querySelector("button");
  if (button && count > 0) button.textContent = `Add · ${count}`;
  button?.addEventListener("click", () => basket.add(plant.id));
  return article;
}

function drawing({ leaf, pot, leaves }: Plant): string {
  const fan = Array.from({ length: leaves }, (_, index) => {
    const angle = -70 + (140 / (leaves - 1)) * index;
    return `<ellipse cx="50" cy="34" rx="7" ry="26" fill="${leaf}" opacity="0.85" transform="rotate(${angle} 50 62)" />`;
  });
  return `<svg viewBox="-6 0 112 100" aria-hidden="true">${fan.join("")}<path d="M32 62h36l-5 32H37z" fill="${pot}" /></svg>`;
}
