import { useEffect, useRef, useState } from "react";
import { useLive } from "../../../live/LiveContext";
import { lastSnapshot } from "../../../live/state";

/** Milliseconds between two looks for new data, at least. */
export const RENEW_MS = 3_000;

/** A number that changes when there is new data, at most every three seconds: when to ask again. */
export function useCutMark(): number {
  const snapshot = lastSnapshot(useLive());
  const totals = snapshot?.totals;
  const seen = totals ? (totals.requests ?? 0) + (totals.events ?? 0) + (totals.failed ?? 0) : 0;
  const [mark, setMark] = useState(0);
  const changedAt = useRef(0);
  useEffect(() => {
    if (seen === 0 || seen === mark) return;
    const wait = Math.max(0, changedAt.current + RENEW_MS - Date.now());
    const timer = setTimeout(() => {
      changedAt.current = Date.now();
      setMark(seen);
    }, wait);
    return () => clearTimeout(timer);
  }, [seen, mark]);
  return mark;
}
