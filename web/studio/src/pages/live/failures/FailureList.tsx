import type { Arrivals } from "../../../api/generated";
import { LongText } from "../../../components/LongText";
import type { Clock } from "../../../format/format";
import css from "./FailureList.module.css";
import { describeFailure } from "./failures";

type Props = { readonly arrivals: Arrivals; readonly clock: Clock };

/** What came in and is no event, by reason, newest first. */
export function FailureList({ arrivals, clock }: Props) {
  return (
    <ul className={css.list} aria-label="Failed in the last 30 minutes">
      {arrivals.failures.map((failure) => {
        const { before, value, after } = describeFailure(failure, arrivals.write_ids);
        return (
          <li key={`${failure.reason} ${failure.part} ${failure.protocol} ${failure.credential}`} className={css.item}>
            <p className={css.what}>
              {before}
              {value !== null && (
                <code className={css.value}>
                  <bdi>{value}</bdi>
                </code>
              )}
              {after}
            </p>
            <p className={css.more}>
              <time className="number">{clock.second(failure.last_at)}</time> · {failure.protocol}
              {failure.path && ` · ${failure.path}`}
            </p>
            {failure.reason !== "unknown_write_id" && failure.message && (
              <p className={css.more}>
                <LongText text={failure.message} />
              </p>
            )}
          </li>
        );
      })}
    </ul>
  );
}
