/** Made-up traffic that shows what there is to see, each by one command. */
export const RECIPES = [
  {
    name: "Demo shop",
    command: "footfall demo",
    about: "A realistic shop, the whole way, with its numbers checked against the truth.",
  },
] as const;
