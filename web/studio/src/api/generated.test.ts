import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { generate } from "../../scripts/generate.mjs";

const read = (name: string) => readFileSync(new URL(name, `file://${process.cwd()}/src/api/`), "utf8");

test("types are those of the API's description", () => {
  const isFresh = generate(JSON.parse(read("openapi.json"))) === read("generated.ts");
  expect(isFresh, "stale types; run: npm run generate").toBe(true);
});
