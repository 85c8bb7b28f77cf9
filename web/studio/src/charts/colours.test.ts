import { expect, test } from "vitest";
import { slotsOf } from "./colours";

test("a value has one colour everywhere, and those of one chart differ as long as there are enough", () => {
  const first = slotsOf(["mobile", "computer", "tablet"]);
  expect(new Set(first.values()).size).toBe(3);
  const second = slotsOf(["tablet", "tea", "coffee", "juice", "phones", "laptops", "mobile"]);
  expect([second.get("tablet"), second.get("mobile")]).toEqual([first.get("tablet"), first.get("mobile")]);
  const ten = slotsOf(Array.from({ length: 10 }, (_, at) => `value ${at}`));
  expect(new Set(ten.values()).size).toBe(10);
});
