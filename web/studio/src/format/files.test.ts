import { expect, test } from "vitest";
import { csvOf } from "./files";

test("a file has every value, quoted where it must be", () => {
  const columns = ["a,b", "n"].map((name) => ({ name, type: "VARCHAR" }));
  const rows = [
    ['say "x"\nagain', 1],
    [null, 2],
  ];
  expect(csvOf({ columns, rows })).toBe('"a,b",n\r\n"say ""x""\nagain",1\r\n,2\r\n');
});
