export interface Plant {
  id: string;
  name: string;
  /** In cents. */
  price: number;
  leaf: string;
  pot: string;
  leaves: number;
}

export const plants: Plant[] = [
  { id: "fern", name: "Boston fern", price: 1900, leaf: "#3f7d58", pot: "#c9714a", leaves: 9 },
  { id: "aloe", name: "Aloe", price: 1200, leaf: "#7fb08a", pot: "#e0b08c", leaves: 5 },
  { id: "fig", name: "Little fig", price: 3400, leaf: "#2f6b4f", pot: "#8a5a44", leaves: 7 },
  { id: "palm", name: "Desk palm", price: 2600, leaf: "#5c9a5f", pot: "#d98e5f", leaves: 11 },
];

export function euros(cents: number): string {
  return new Intl.NumberFormat("en-IE", { style: "currency", currency: "EUR" }).format(cents / 100);
}
