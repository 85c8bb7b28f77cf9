import { expect, test } from "vitest";
import { firstValue, isDefinition, parametersIn } from "./parameters";

test("parameters are found where they are none of anything else", () => {
  expect(parametersIn("SELECT ':no', \"$no\", a::date, :day -- :no\n /* $no */ FROM t WHERE x = $n AND y = :day")).toEqual(["day", "n"]);
});

test("a statement that defines something is known by its first word, behind any comment", () => {
  for (const sql of ["CREATE VIEW a AS SELECT 1", "-- x\ndrop view a", "/* a */ MSCK REPAIR TABLE t"]) expect(isDefinition(sql)).toBe(true);
  for (const sql of ["SELECT 1", "FROM created", "-- drop\nSELECT 1", ""]) expect(isDefinition(sql)).toBe(false);
});

test("a field begins with what was given, else with the default", () => {
  expect(firstValue({ name: "n", type: "integer", default: 3 }, {})).toBe("3");
  expect(firstValue({ name: "n", type: "integer", default: 3 }, { n: "4" })).toBe("4");
  expect(firstValue({ name: "n", type: "text", default: null }, {})).toBe("");
});

test("a list of defaults is one line, and values with a comma stand in quotes", () => {
  const parameter = { name: "devices", is_list: true, default: ["mobile", 'a,"b"'] };
  expect(firstValue(parameter, {})).toBe('mobile, "a,""b"""');
  expect(firstValue(parameter, { devices: "tablet" })).toBe("tablet");
  expect(firstValue({ name: "n", default: 0 }, {})).toBe("0");
});
