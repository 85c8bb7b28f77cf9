import { cleanup, configure } from "@testing-library/react";
import { afterEach, vi } from "vitest";
import { PlainEditor } from "./PlainEditor";

// Charts are looked at in the browser tests; here only their summaries matter.
vi.mock("../charts/echarts", () => ({
  init: () => ({ setOption: () => {}, resize: () => {}, getWidth: () => 640, getHeight: () => 320, dispose: () => {} }),
}));

// CodeMirror needs a browser's layout; the browser tests have it.
vi.mock("../pages/sql/editor/Editor", () => ({ default: PlainEditor }));

// A page's file is loaded when it is opened, which takes a busy machine longer than the second that is usual.
configure({ asyncUtilTimeout: 20_000 });

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  window.localStorage.clear();
  window.history.replaceState(null, "", "/live");
});
