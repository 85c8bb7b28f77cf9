import css from "./DataPage.module.css";
import { Exports } from "./exports/Exports";

/** What goes in and out besides events: so far the files that are written. */
export default function DataPage() {
  return (
    <div className={css.page}>
      <h1 className={css.title}>Data</h1>
      <Exports />
    </div>
  );
}
