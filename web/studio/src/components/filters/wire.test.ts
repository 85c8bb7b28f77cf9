import { describe, expect, it } from "vitest";
import type { Filter } from "../../api/generated";
import type { Field } from "./filters";
import { nodesOf, whereOf } from "./wire";
import { wordsOf } from "./words";

const FIELDS: readonly Field[] = [
  { name: "page_path", label: "Page", kind: "text" },
  { name: "value", label: "Value", kind: "number" },
  { name: "is_late", label: "Late", kind: "boolean" },
  { name: "segment", label: "Segment", kind: "segment", choices: [{ value: "buyers", label: "Those who bought" }] },
];

describe("a question's filter", () => {
  it("becomes conditions and comes back as it was, however nested", () => {
    const nested: Filter = {
      all: [
        { field: "page_path", op: "starts_with", value: "/é&=+#" },
        { any: [{ field: "value", op: "between", value: [1, 2.5] }, { all: [{ field: "is_late", op: "is", value: false }, { field: "page_path", op: "is_not_set" }] }] },
      ],
    };
    const alternatives: Filter = { any: [{ field: "page_path", op: "is", value: "/a" }, { field: "segment", op: "in", value: ["buyers"] }] };
    for (const where of [nested, alternatives, { field: "value", op: "gte", value: 10 } satisfies Filter]) expect(whereOf(nodesOf(where), FIELDS)).toEqual(where);
    expect([whereOf(nodesOf(null), FIELDS), nodesOf(undefined)]).toEqual([null, []]);
  });

  it("is typed as its field is, which the server demands", () => {
    const made = whereOf(
      [
        { column: "value", operator: "in", values: ["1", "2.5"] },
        { column: "is_late", operator: "is", values: ["false"] },
        { column: "page_path", operator: "is", values: ["7"] },
      ],
      FIELDS,
    );
    expect(made?.all?.map(({ value }) => value)).toEqual([[1, 2.5], false, "7"]);
  });

  it("is said with the names that people know", () => {
    const [node] = nodesOf({ any: [{ field: "page_path", op: "is", value: "/a" }, { field: "segment", op: "is", value: "buyers" }] });
    expect(node && wordsOf(node, FIELDS)).toBe("Page is /a or Segment is Those who bought");
  });
});
