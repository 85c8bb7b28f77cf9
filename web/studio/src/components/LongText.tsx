import { useState } from "react";
import css from "./LongText.module.css";

/** Longer than two lines on the narrowest page. */
const LONG = 120;

/** A value of a visitor: two lines, the rest on demand, in its own writing direction. */
export function LongText({ text }: { readonly text: string }) {
  const [isWhole, setIsWhole] = useState(false);
  if (text.length <= LONG) return <bdi>{text}</bdi>;
  return (
    <>
      <span className={isWhole ? css.whole : css.cut} dir="auto">
        {text}
      </span>
      <button type="button" className={css.more} aria-expanded={isWhole} onClick={() => setIsWhole(!isWhole)}>
        {isWhole ? "Show less" : "Show all"}
      </button>
    </>
  );
}
