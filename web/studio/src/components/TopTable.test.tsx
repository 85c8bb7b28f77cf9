import { fireEvent, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { show } from "../testing/render";
import { TopTable } from "./TopTable";

const rows = Array.from({ length: 10 }, (_, n) => ({ value: `/page/${n}`, count: 100 - n }));

test("shows the first rows, then all, with what is not listed", () => {
  show(<TopTable top={{ rows, others: 12_345, is_exact: false }} caption="Pages" unit="views" none="None" />);
  expect(screen.getAllByRole("rowheader")).toHaveLength(7);
  fireEvent.click(screen.getByRole("button", { name: "Show 3 more" }));
  expect(screen.getAllByRole("rowheader")).toHaveLength(10);
  expect(screen.getByText("12.3 k views of others; rare values are counted there")).toBeTruthy();
});

test("what has no value is named, and text is text", () => {
  const odd = [{ value: null, count: 2 }, { value: "<img src=x onerror=alert(1)>", count: 1 }];
  const { container } = show(
    <TopTable top={{ rows: odd, others: 0 }} caption="Sources" unit="visitors" none="None" nothing="Direct" />,
  );
  expect(screen.getByText("Direct")).toBeTruthy();
  expect(screen.getByText("<img src=x onerror=alert(1)>")).toBeTruthy();
  expect(container.querySelector("img")).toBeNull();
});

test("an empty list says so", () => {
  show(<TopTable top={{ rows: [], others: 0 }} caption="Pages" unit="views" none="No views yet" />);
  expect(screen.getByText("No views yet")).toBeTruthy();
});
