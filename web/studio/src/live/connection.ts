import { ApiError, isLiveSnapshot, readLive } from "../api/client";
import type { LiveChange } from "./state";

const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 10_000;
const TICK_MS = 1_000;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * Follows the live stream until the returned function is called.
 *
 * A stream that ends is opened again, sooner at first and every ten seconds at last. The browser would retry by itself,
 * but not after an error status, and it does not tell which: so a plain request asks why.
 */
export function follow(tell: (change: LiveChange) => void): () => void {
  let source: EventSource | null = null;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let delay = RETRY_MS_MIN;
  let isOver = false;

  const open = () => {
    if (isOver) return;
    source = new EventSource("/api/live/stream");
    source.addEventListener("snapshot", (event) => {
      const snapshot = parse(String(event.data));
      if (!isLiveSnapshot(snapshot)) return;
      delay = RETRY_MS_MIN;
      tell({ kind: "snapshot", snapshot, now: Date.now() });
    });
    source.addEventListener("waiting", () => tell({ kind: "nothing_yet" }));
    source.addEventListener("error", () => {
      source?.close();
      tell({ kind: "lost" });
      void ask();
    });
  };

  const ask = async () => {
    try {
      await readLive();
    } catch (error) {
      if (error instanceof ApiError && error.failure.kind === "signed_out") {
        tell({ kind: "signed_out" });
        return;
      }
    }
    if (isOver) return;
    retry = setTimeout(open, delay);
    delay = Math.min(delay * 2, RETRY_MS_MAX);
  };

  const ticks = setInterval(() => tell({ kind: "tick", now: Date.now() }), TICK_MS);
  open();
  return () => {
    isOver = true;
    source?.close();
    clearTimeout(retry);
    clearInterval(ticks);
  };
}
