import type { LiveState } from "../../live/state";
import css from "./LiveNotice.module.css";
import { StatusProblems } from "./StatusProblems";

/** Says why the numbers below are not moving, if they are not. */
export function LiveNotice({ live }: { readonly live: LiveState }) {
  switch (live.kind) {
    case "reconnecting":
      return (
        <p className={css.notice}>
          The connection to the studio was lost. These are the last numbers; the page reconnects by itself.
        </p>
      );
    case "stalled":
      return (
        <>
          <p className={css.notice}>
            The pipeline has written nothing for some seconds. Events are still collected; see{" "}
            <code>footfall status</code>.
          </p>
          <StatusProblems />
        </>
      );
    case "loading":
    case "waiting":
    case "live":
    case "signed_out":
      return null;
  }
}
