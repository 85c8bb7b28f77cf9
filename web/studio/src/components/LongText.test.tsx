import { fireEvent, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { show } from "../testing/render";
import { LongText } from "./LongText";

test("a short value is whole, isolated from the direction of the text around it", () => {
  const { container } = show(<LongText text="/مرحبا" />);
  expect(container.querySelector("bdi")?.textContent).toBe("/مرحبا");
  expect(screen.queryByRole("button")).toBeNull();
});

test("a long one is cut, and the rest comes on demand", () => {
  const text = "x".repeat(500);
  const { container } = show(<LongText text={text} />);
  const value = container.querySelector("span");
  expect([value?.textContent, value?.dir, value?.className]).toEqual([text, "auto", "cut"]);
  fireEvent.click(screen.getByRole("button", { name: "Show all" }));
  expect(container.querySelector("span")?.className).toBe("whole");
  expect(screen.getByRole("button", { name: "Show less" }).getAttribute("aria-expanded")).toBe("true");
});
