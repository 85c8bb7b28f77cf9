import { expect, test } from "vitest";
import { faultIn } from "./place";

const TEXT = "-- first\nSELECT nam\nFROM events";

test("a place is found in what was run, even where that is a part of the text", () => {
  expect(faultIn("no such column: line=1 column=8", "SELECT nam\nFROM events", TEXT)).toEqual({ from: 16, to: 19, text: "no such column" });
  expect(faultIn("no such table: line=2 column=6", "SELECT nam\nFROM events", TEXT)).toEqual({ from: 25, to: 31, text: "no such table" });
  expect(faultIn("syntax error: position=8", "SELECT nam\nFROM events", TEXT)).toEqual({ from: 16, to: 19, text: "syntax error" });
});

test("nothing is marked where nothing is said, or the text is another by now", () => {
  expect(faultIn("took too long", "SELECT nam\nFROM events", TEXT)).toBeNull();
  expect(faultIn("no such column: line=1 column=8", "SELECT other", TEXT)).toBeNull();
  expect(faultIn("syntax error: position=99", "SELECT nam", TEXT)).toEqual({ from: 18, to: 19, text: "syntax error" });
});
