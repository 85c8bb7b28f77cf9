import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { clockIn } from "../format/format";
import { show } from "../testing/render";
import { Moment } from "./Moment";

test("a time as SQL writes it, in the app's zone", () => {
  show(<Moment text="2026-07-01 22:30:00.5+00" clock={clockIn("Europe/Rome")} />);
  expect(screen.getByText("2 Jul 2026, 00:30:00.500 Europe/Rome").title).toBe("2026-07-01 22:30:00.5+00");
});

test("what is no time stays as it is", () => {
  show(<Moment text="soon" clock={clockIn("UTC")} />);
  expect(screen.getByText("soon")).toBeTruthy();
});
