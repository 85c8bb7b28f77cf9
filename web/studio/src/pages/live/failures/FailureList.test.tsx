import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { clockIn } from "../../../format/format";
import { failure } from "../../../testing/builders";
import { show } from "../../../testing/render";
import { FailureList } from "./FailureList";

test("each kind with its reason, place and time; what was sent is text", () => {
  const failures = [
    failure({ credential: "<b>wbe</b>" }),
    failure({ reason: "missing_field", part: "record", count: 2, message: "an event needs a name", path: "$.name" }),
  ];
  const { container } = show(<FailureList arrivals={{ failures, write_ids: ["web"] }} clock={clockIn("UTC")} />);
  const items = screen.getAllByRole("listitem").map((item) => item.textContent);
  expect(items[0]).toContain("1 request with unknown write id <b>wbe</b>; known: web");
  expect(items[1]).toContain("2 events without a field that it needs");
  expect(items[1]).toContain("$.name");
  expect(items[1]).toContain("an event needs a name");
  expect(container.querySelector("b")).toBeNull();
});
