import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { OPERATORS } from "./filters";

/** Three of them in one file are a list of its own. */
const FEW = 3;
const SAID = Object.keys(OPERATORS).filter((name) => name !== "is" && name !== "in");

/** Operators that a text names, as values or as keys. */
const namedIn = (text: string) => SAID.filter((name) => new RegExp(`(["'\`]${name}["'\`]|\\b${name}\\??:)`).test(text));

test("no page brings operators or chips of its own: filters are one component", () => {
  expect(namedIn('{ gte: "at least", lte: "at most", between: "between" }')).toHaveLength(FEW);
  const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((file) => /\.tsx?$/.test(file) && !/\.test\.tsx?$/.test(file) && !/^(components.filters|api.generated)/.test(file));
  const own = files.filter((file) => {
    const text = readFileSync(`src/${file}`, "utf8");
    return namedIn(text).length >= FEW || text.includes("Remove the filter");
  });
  expect(files.length).toBeGreaterThan(100);
  expect(own, "use FilterBar or OperatorChoice of components/filters").toEqual([]);
});
