import { screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { show } from "../../testing/render";
import { ErrorBoundary } from "./ErrorBoundary";

afterEach(() => {
  vi.restoreAllMocks();
});

function Broken(): never {
  throw new Error("a part is missing");
}

test("a fault stays where it is, is said, and what is around it works", () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  show(
    <>
      <p>Around it</p>
      <ErrorBoundary title="The page SQL cannot be shown">
        <Broken />
      </ErrorBoundary>
    </>,
  );
  expect(screen.getByText("Around it")).toBeTruthy();
  expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("The page SQL cannot be shown");
  expect(screen.getByRole("alert").textContent).toContain("a part is missing");
  expect(screen.getByRole("button", { name: "Reload the page" })).toBeTruthy();
});
