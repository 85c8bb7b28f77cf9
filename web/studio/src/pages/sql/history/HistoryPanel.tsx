import { Section } from "../../../components/Section";
import type { Past } from "./history";
import css from "./HistoryPanel.module.css";

const WHEN = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

type Props = {
  readonly history: readonly Past[];
  readonly onPick: (sql: string) => void;
  readonly onForget: () => void;
};

/** Statements that were run in this browser; a click runs one again. */
export function HistoryPanel({ history, onPick, onForget }: Props) {
  const forget = (
    <button type="button" className={css.forget} onClick={onForget}>
      Clear
    </button>
  );
  return (
    <Section title="History" aside={history.length > 0 && forget}>
      {history.length === 0 ? (
        <p className={css.none}>Statements that you run are kept here, in this browser only.</p>
      ) : (
        <ol className={css.list} aria-label="Statements, newest first">
          {history.map(({ sql, at }) => (
            <li key={sql}>
              <button type="button" className={css.past} title={sql} onClick={() => onPick(sql)}>
                <code className={css.sql}>{sql}</code>
                <time className={css.at}>{WHEN.format(at)}</time>
              </button>
            </li>
          ))}
        </ol>
      )}
    </Section>
  );
}
