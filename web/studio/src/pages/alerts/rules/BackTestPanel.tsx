import { SegmentedControl, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { isWorthRetry } from "../../../api/client";
import { Failure } from "../../../components/states/Failure";
import { Loading } from "../../../components/states/Loading";
import { type Clock, formatExact } from "../../../format/format";
import { useQueryValue } from "../../../router/query";
import { backTest, type Options } from "../api";
import { BackTestChart } from "./BackTestChart";
import css from "./RuleDetail.module.css";
import { SPANS } from "./words";

type Props = {
  readonly name: string;
  /** Of a rule that is not there yet. */
  readonly options: Options | null;
  /** What is shown first. */
  readonly span: (typeof SPANS)[number];
  readonly clock: Clock;
};

/** When a rule would have fired, over a span of the past. */
export function BackTestPanel({ name, options, span, clock }: Props) {
  const [asked, setAsked] = useQueryValue("over");
  const over = SPANS.find((one) => one === asked) ?? span;
  const query = useQuery({
    queryKey: ["alerts", "test", name, over, options],
    queryFn: ({ signal }) => backTest(name, over, options, signal),
    staleTime: 60_000,
    retry: isWorthRetry,
  });
  return (
    <div>
      <div className={css.bar}>
        <p className={css.said} data-testid="would-have-fired">
          {query.data
            ? `It would have fired ${times(query.data.fired)}, and told channels ${times(query.data.told)}.`
            : "When it would have fired"}
        </p>
        <SegmentedControl
          size="xs"
          aria-label="How far back"
          value={over}
          onChange={(value) => setAsked(value === span ? "" : value)}
          data={[...SPANS]}
        />
      </div>
      {query.data ? (
        <>
          <BackTestChart test={query.data} clock={clock} />
          <p className={css.zone}>
            Times in {clock.zone}
            {query.data.is_cut_off && "; there are more sessions than are looked at, so choose a shorter span"}
          </p>
        </>
      ) : query.error ? (
        <Failure title="The rule cannot be tested" error={query.error} retry={() => void query.refetch()} level={3} />
      ) : (
        <Loading slow="Still testing. A long span of many events takes a while.">
          <Skeleton height={220} />
        </Loading>
      )}
    </div>
  );
}

function times(count: number): string {
  return count === 1 ? "once" : `${formatExact(count)} times`;
}
