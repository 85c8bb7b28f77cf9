/** Made-up traffic that shows what there is to see, each by one command. */
export const RECIPES = [
  {
    name: "Demo shop",
    command: "footfall demo",
    about: "A realistic shop, the whole way, with its numbers checked against the truth.",
  },
  {
    name: "Retail clicks",
    command: "footfall demo retail",
    about: "Clicks on products: CSV files, a table over them in SQL, a pie and stacked bars.",
  },
  {
    name: "Beer-shop sessions",
    command: "footfall demo beer-shop",
    about: "Sessions by steps of time: files, views, a donut, a tree map, and an alert below 20 seconds.",
  },
  {
    name: "Touchwood",
    command: "footfall demo touchwood",
    about: "A small page to click: likes, language and place, and what arrived of them.",
  },
] as const;
