import { expect, test } from "vitest";
import { momentOf } from "./data";

test("a time is said as exactly as it is one", () => {
  expect(momentOf(Date.UTC(2026, 10, 29))).toBe("29 Nov");
  expect(momentOf(Date.UTC(2026, 10, 29, 23, 20))).toBe("29 Nov, 23:20");
  expect(momentOf(Date.UTC(2026, 10, 29, 23, 20, 30))).toBe("29 Nov, 23:20:30");
});
