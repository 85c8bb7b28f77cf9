import { fireEvent, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { clockIn } from "../../../format/format";
import { failure, snapshot } from "../../../testing/builders";
import { show } from "../../../testing/render";
import { FailureNotice } from "./FailureNotice";

afterEach(() => {
  vi.unstubAllGlobals();
});

const failures = [failure({ count: 2 }), failure({ reason: "not_json", part: "record", count: 1 })];

test("one line, and behind it what failed", async () => {
  vi.stubGlobal("fetch", vi.fn(async () => new Response(JSON.stringify({ failures, write_ids: ["web"] }))));
  show(<FailureNotice snapshot={snapshot({ totals: { failed: 3 } })} clock={clockIn("UTC")} />);
  expect((await screen.findByText(/failed in the last/)).textContent).toContain("1 event and 2 requests failed");
  fireEvent.click(screen.getByRole("button", { name: "See why" }));
  expect(window.location.search).toBe("?failed=open");
  expect(await screen.findByText(/with unknown write id/)).toBeTruthy();
});

test("where nothing ever failed nothing is asked", () => {
  const asked = vi.fn();
  vi.stubGlobal("fetch", asked);
  show(<FailureNotice snapshot={snapshot()} clock={clockIn("UTC")} />);
  expect(asked).not.toHaveBeenCalled();
});
