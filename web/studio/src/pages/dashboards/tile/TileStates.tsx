import { Skeleton } from "@mantine/core";
import { useEffect, useState } from "react";
import { failureText, requestIdOf } from "../../../api/client";
import css from "./Tile.module.css";

const SLOW_MS = 2_000;

/** The shape of what comes; after two seconds it can be ended. */
export function TileLoading({ title, cancel }: { readonly title: string; readonly cancel: () => void }) {
  const [isSlow, setIsSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setIsSlow(true), SLOW_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className={css.loading}>
      <p role="status" className={isSlow ? css.slow : css.hidden}>
        {isSlow ? "Still computing" : `Loading ${title || "a tile"}`}
      </p>
      {isSlow && (
        <button type="button" className={css.again} onClick={cancel}>
          Cancel
        </button>
      )}
      <div className={css.shape} aria-hidden>
        <Skeleton height="100%" />
      </div>
    </div>
  );
}

/** It was ended before it had an answer. */
export function TileStopped({ again }: { readonly again: () => void }) {
  return (
    <div className={css.empty}>
      <div>
        <p>Stopped before it had an answer.</p>
        <button type="button" className={css.again} onClick={again}>
          Ask again
        </button>
      </div>
    </div>
  );
}

/** What happened, and a way to try. */
export function TileFailed({ error, again }: { readonly error: Error; readonly again: () => void }) {
  const id = requestIdOf(error);
  return (
    <div className={css.failed} role="alert">
      <p>{failureText(error)}</p>
      {id && <p className={css.note}>Request {id}, for whoever reads the studio’s log.</p>}
      <button type="button" className={css.again} onClick={again}>
        Try again
      </button>
    </div>
  );
}

type EmptyProps = {
  readonly hasFilters: boolean;
};

/** Nothing matches: why, and what to do. */
export function TileEmpty({ hasFilters }: EmptyProps) {
  return (
    <div className={css.empty}>
      <p>
        Nothing matches in this range.
        <br />
        <span className={css.note}>{hasFilters ? "Choose a longer range, or take a filter away." : "Choose a longer range."}</span>
      </p>
    </div>
  );
}
