import { fireEvent, screen } from "@testing-library/react";
import { useState } from "react";
import { expect, test } from "vitest";
import type { FunnelQuestion } from "../../../api/generated";
import { show } from "../../../testing/render";
import { FunnelForm } from "./FunnelForm";

function Form() {
  const [question, setQuestion] = useState<FunnelQuestion>({ steps: [{}, {}, {}, {}, {}], exclude: [{}] });
  return <FunnelForm question={question} offered={{ names: [], fields: [] }} onChange={setQuestion} />;
}

function removing(name: string): string | null | undefined {
  const button = screen.getByLabelText(`Remove ${name}`);
  button.focus();
  fireEvent.click(button);
  return document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent;
}

test("who removes a part by keyboard is at the one that took its place, at the last one, or where one is added", () => {
  show(<Form />);
  expect(removing("step 2")).toBe("Remove step 2");
  expect(removing("step 4")).toBe("Remove step 3");
});

test("two steps stay, so that nothing of them can be removed: what can be done with the last one has the focus", () => {
  show(<Form />);
  removing("step 5");
  removing("step 4");
  expect(removing("step 3")).toBe("Move step 2 up");
});

test("without a part left the focus is where one is added, and that stays open", () => {
  show(<Form />);
  expect(removing("excluded event 1")).toBe("Add an excluded event");
  expect(document.querySelector("details")?.open).toBe(true);
});
