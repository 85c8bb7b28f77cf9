import { expect, test } from "vitest";
import { failure } from "../../../testing/builders";
import { describeFailure } from "./failures";

const text = (reason: string) => describeFailure(failure({ reason, part: "record", count: 1_200 }), []).before;

test("an unknown write id stands beside those that are known", () => {
  expect(describeFailure(failure({ credential: "wbe" }), ["fw_1", "web"])).toEqual({
    before: "1 request with unknown write id ",
    value: "wbe",
    after: "; known: fw_1, web",
  });
  expect(describeFailure(failure({ credential: "" }), []).before).toBe("1 request without a write id");
});

test("other reasons in words, a new one by its name", () => {
  expect(text("missing_field")).toBe("1,200 events without a field that it needs");
  expect(text("of_tomorrow")).toBe("1,200 events of_tomorrow");
});
