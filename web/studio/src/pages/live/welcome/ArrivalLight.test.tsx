import { fireEvent, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { counts, snapshot, streamEvent } from "../../../testing/builders";
import { show } from "../../../testing/render";
import { ArrivalLight } from "./ArrivalLight";

const tone = () => screen.getByRole("status").dataset["tone"];

test("waiting, then green with what came and a way on", () => {
  const onContinue = vi.fn();
  const { showAgain } = show(<ArrivalLight snapshot={snapshot()} onContinue={onContinue} />);
  expect(tone()).toBe("calm");
  const people = counts({ stream: [streamEvent(1, { event_name: "signed_up", page: "/hello" })] });
  showAgain(<ArrivalLight snapshot={snapshot({ people })} onContinue={onContinue} />);
  expect(tone()).toBe("good");
  expect(screen.getByRole("status").textContent).toContain("The first event is there: signed_up /hello");
  fireEvent.click(screen.getByRole("button", { name: "Show the live page" }));
  expect(onContinue).toHaveBeenCalledOnce();
  expect(window.location.search).toBe("");
});

test("an event from a terminal is a bot's: the page that follows shows it", () => {
  const bots = counts({ stream: [streamEvent(1, { is_bot: true })] });
  show(<ArrivalLight snapshot={snapshot({ bots })} onContinue={() => {}} />);
  expect(screen.getByText(/listed under Bots/)).toBeTruthy();
  fireEvent.click(screen.getByRole("button"));
  expect(window.location.search).toBe("?who=all");
});
