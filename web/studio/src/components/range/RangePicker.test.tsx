import { fireEvent, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { show } from "../../testing/render";
import { RangePicker } from "./RangePicker";
import { momentIn, parseRange, rangeQuery, wallIn } from "./range";
import { useRange } from "./useRange";

const NOW = Date.parse("2026-03-29T12:00:00Z");

function Picker() {
  const [range, setRange] = useRange();
  return <RangePicker range={range} onChange={setRange} zone="Europe/Berlin" nowMs={NOW} />;
}

test("a range of the address is the range, and anything else is the default", () => {
  const between = parseRange("", "2026-11-24T12:00:00Z", "2026-11-24T13:00:00Z");
  expect(rangeQuery(between)).toEqual({ last: "", since: "2026-11-24T12:00:00.000Z", until: "2026-11-24T13:00:00.000Z" });
  expect(parseRange("7d", "", "")).toEqual({ kind: "last", last: "7d" });
  const none = { kind: "last", last: "24h" };
  expect(parseRange("soon", "", "")).toEqual(none);
  expect(parseRange("", "2026-11-24T13:00:00Z", "2026-11-24T12:00:00Z")).toEqual(none);
  expect(parseRange("", "x", "y")).toEqual(none);
});

test("wall times are the zone's, also where its clocks change", () => {
  expect(momentIn("Europe/Berlin", "2026-03-29T01:30")).toBe(Date.parse("2026-03-29T00:30Z"));
  expect(momentIn("Europe/Berlin", "2026-03-29T03:30")).toBe(Date.parse("2026-03-29T01:30Z"));
  expect(momentIn("Europe/Berlin", "2026-10-25T02:30")).toBe(Date.parse("2026-10-25T00:30Z"));
  expect(wallIn("America/New_York", Date.parse("2026-07-01T00:15Z"))).toBe("2026-06-30T20:15");
});

test("a preset, and from and to on the app's clocks, are put into the address", async () => {
  show(<Picker />);
  fireEvent.click(screen.getByRole("button", { name: "Time range: Last 24 hours" }));
  fireEvent.click(await screen.findByRole("button", { name: "Last 7 days" }));
  expect(window.location.search).toBe("?last=7d");
  fireEvent.click(screen.getByRole("button", { name: "Time range: Last 7 days" }));
  fireEvent.change(await screen.findByLabelText("From"), { target: { value: "2026-03-29T15:00" } });
  expect(screen.getByRole("status").textContent).toBe("From must be before to.");
  fireEvent.change(screen.getByLabelText("From"), { target: { value: "2026-03-29T01:00" } });
  fireEvent.click(screen.getByRole("button", { name: "Apply" }));
  const query = new URLSearchParams(window.location.search);
  expect([...query]).toEqual([
    ["since", "2026-03-29T00:00:00.000Z"],
    ["until", "2026-03-29T12:00:00.000Z"],
  ]);
});
