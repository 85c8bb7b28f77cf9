import type { Arrivals, LiveSnapshot } from "../../../api/generated";
import { SideDrawer } from "../../../components/SideDrawer";
import { type Clock, formatCount } from "../../../format/format";
import { changeQuery, useQueryValue } from "../../../router/query";
import { FailureList } from "./FailureList";
import css from "./FailureNotice.module.css";
import { useFailures } from "./useFailures";

type Props = { readonly snapshot: LiveSnapshot; readonly clock: Clock };

/** One line when something failed lately, and what it was behind it. */
export function FailureNotice({ snapshot, clock }: Props) {
  const arrivals = useFailures(snapshot);
  const [asked] = useQueryValue("failed");
  return (
    <>
      {arrivals.failures.length > 0 && (
        <p className={css.notice}>
          {summary(arrivals)}{" "}
          <button type="button" className={css.open} onClick={() => changeQuery({ failed: "open" }, "push")}>
            See why
          </button>
        </p>
      )}
      <SideDrawer
        isOpen={asked !== ""}
        onClose={() => changeQuery({ failed: "" }, "push")}
        size={480}
        title="Failed in the last 30 minutes"
        closing="Close the failures"
      >
        {arrivals.failures.length > 0 ? (
          <FailureList arrivals={arrivals} clock={clock} />
        ) : (
          <p>Nothing failed. What fails is kept, with its reason, in the table failed_events.</p>
        )}
      </SideDrawer>
    </>
  );
}

function summary({ failures }: Arrivals): string {
  const of = (part: "record" | "request") =>
    failures.filter((one) => one.part === part).reduce((sum, { count }) => sum + count, 0);
  const parts = [
    { count: of("record"), one: "event" },
    { count: of("request"), one: "request" },
  ].filter(({ count }) => count > 0);
  const texts = parts.map(({ count, one }) => `${formatCount(count)} ${one}${count === 1 ? "" : "s"}`);
  return `${texts.join(" and ")} failed in the last 30 minutes.`;
}
