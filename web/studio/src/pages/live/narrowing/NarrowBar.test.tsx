import { act, fireEvent, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { show } from "../../../testing/render";
import { NarrowBar } from "./NarrowBar";

const names = () => screen.queryAllByRole("listitem").map((item) => item.textContent);

test("people unless the address says otherwise; the switch changes the address", () => {
  show(<NarrowBar title="Live" />);
  expect(screen.getByRole<HTMLInputElement>("radio", { name: "People" }).checked).toBe(true);
  fireEvent.click(screen.getByRole("radio", { name: "Bots" }));
  expect(window.location.search).toBe("?who=bots");
  fireEvent.click(screen.getByRole("radio", { name: "People" }));
  expect(window.location.search).toBe("");
});

test("each filter can be let go, also all at once, and Back brings it again", async () => {
  window.history.replaceState(null, "", "/live?f=pages%3A%2Fcart&f=sources&f=colour%3Ared");
  show(<NarrowBar title="Live" />);
  expect(names()).toEqual(["Page is /cart", "Source is not set ", "Clear all"]);
  fireEvent.click(screen.getByRole("button", { name: "Remove the filter Source is not set" }));
  expect(window.location.search).toBe("?f=pages%3A%2Fcart");
  act(() => {
    window.history.replaceState(null, "", "/live?f=events%3Aclick");
    window.dispatchEvent(new PopStateEvent("popstate"));
  });
  expect(names()).toEqual(["Event is click"]);
});
