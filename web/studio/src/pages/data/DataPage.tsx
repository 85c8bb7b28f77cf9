import { Imports } from "./crawls/Imports";
import css from "./DataPage.module.css";
import { Exports } from "./exports/Exports";

/** What goes in and out besides events: the files that are written, and those that are read. */
export default function DataPage() {
  return (
    <div className={css.page}>
      <h1 className={css.title}>Data</h1>
      <Exports />
      <Imports />
    </div>
  );
}
