import { expect, test } from "vitest";
import { pointNear } from "./cartesian";

const HOURS = ["2024-10-04T12:00:00", "2024-10-04T13:00:00", "2024-10-04T15:00:00"];
const at = (hour: number) => Date.UTC(2024, 9, 4, hour);
/** Ten pixels for each of y. */
const pixels = (y: number) => 500 - 10 * y;

const line = {
  columns: [
    { name: "hour", type: "TIMESTAMP" },
    { name: "source", type: "VARCHAR" },
    { name: "count", type: "BIGINT" },
  ],
  rows: [
    [HOURS[0] ?? "", "a", 4],
    [HOURS[1] ?? "", "a", 10],
    [HOURS[1] ?? "", "b", 20],
    [HOURS[2] ?? "", "a", 6],
  ],
  roles: { x: "hour", y: ["count"], colour: "source" },
};

test("the nearest across, and there the nearest line; nothing where none is near", () => {
  expect(pointNear("line", line, [at(13) + 60_000, 11], pixels)?.row).toBe(1);
  expect(pointNear("line", line, [at(13) - 60_000, 18], pixels)?.row).toBe(2);
  expect(pointNear("line", line, [at(13), 30], pixels)).toBeNull();
  // At 14 o'clock nothing happened, and no other hour is meant.
  expect(pointNear("line", line, [at(14), 0], pixels)).toBeNull();
});

test("in a stack it is the part that lies there, however thin the others are", () => {
  expect(pointNear("area", line, [at(13), 9], pixels)?.row).toBe(1);
  expect(pointNear("area", line, [at(13), 29], pixels)?.row).toBe(2);
  expect(pointNear("stacked_bar", line, [at(15), 5], pixels)?.row).toBe(3);
});

test("categories are places, from 0", () => {
  const bars = { columns: [{ name: "name", type: "VARCHAR" }, { name: "n", type: "BIGINT" }], rows: [["x", 1], ["y", 30]], roles: { x: "name", y: ["n"] } };
  expect(pointNear("bar", bars, [0, 2], pixels)?.row).toBe(0);
  expect(pointNear("bar", bars, [1, 3], pixels)?.row).toBe(1);
});
