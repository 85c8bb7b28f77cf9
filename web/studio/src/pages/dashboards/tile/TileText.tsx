import Markdown from "react-markdown";
import css from "./Tile.module.css";

/** Markdown without HTML: markup in it is shown as it is written, and nothing is loaded from anywhere. */
export default function TileText({ text }: { readonly text: string }) {
  return (
    <div className={css.markdown}>
      <Markdown disallowedElements={["img"]} unwrapDisallowed>
        {text}
      </Markdown>
    </div>
  );
}
