import { fireEvent, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { show } from "../testing/render";
import { SideDrawer } from "./SideDrawer";

test("is a dialog with its title, no second header of the page, and closes", () => {
  const onClose = vi.fn();
  show(
    <SideDrawer isOpen title="Event" closing="Close the event" size={400} onClose={onClose}>
      content
    </SideDrawer>,
  );
  expect(screen.getByRole("dialog", { name: "Event" }).textContent).toContain("content");
  expect(screen.queryByRole("banner")).toBeNull();
  fireEvent.click(screen.getByRole("button", { name: "Close the event" }));
  expect(onClose).toHaveBeenCalledOnce();
});
