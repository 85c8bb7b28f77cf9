import { useLive } from "../live/LiveContext";
import type { LiveState } from "../live/state";
import css from "./ConnectionMark.module.css";

type Mark = { readonly tone: "good" | "calm" | "attention"; readonly text: string };

function markOf(live: LiveState): Mark {
  switch (live.kind) {
    case "loading":
      return { tone: "calm", text: "Connecting" };
    case "waiting":
      return { tone: "calm", text: "Waiting for the pipeline" };
    case "live":
      return { tone: "good", text: "Live" };
    case "stalled":
      return { tone: "attention", text: "No new data" };
    case "reconnecting":
      return { tone: "attention", text: "Reconnecting" };
    case "signed_out":
      return { tone: "attention", text: "Signed out" };
  }
}

/** Whether what is shown is fresh; told to screen readers when it changes. */
export function ConnectionMark() {
  const { tone, text } = markOf(useLive());
  return (
    <span className={css.mark} data-tone={tone} role="status">
      <span className={css.dot} aria-hidden />
      {text}
    </span>
  );
}
