import { cleanup } from "@testing-library/react";
import { afterEach, vi } from "vitest";

// Charts are looked at in the browser tests; here only their summaries matter.
vi.mock("../charts/echarts", () => ({
  init: () => ({ setOption: () => {}, resize: () => {}, dispose: () => {} }),
}));

afterEach(() => {
  cleanup();
  window.history.replaceState(null, "", "/live");
});
