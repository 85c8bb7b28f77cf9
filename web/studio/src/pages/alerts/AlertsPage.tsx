import { Button, Skeleton } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useApps } from "../../api/useApps";
import { Empty } from "../../components/states/Empty";
import { Failure } from "../../components/states/Failure";
import { Loading } from "../../components/states/Loading";
import { clockIn } from "../../format/format";
import { useQueryValue } from "../../router/query";
import css from "./AlertsPage.module.css";
import { readBook } from "./api";
import { ChannelForm } from "./channels/ChannelForm";
import { ChannelList } from "./channels/ChannelList";
import { HistoryList } from "./history/HistoryList";
import { RuleDetail } from "./rules/RuleDetail";
import { RuleForm } from "./rules/RuleForm";
import { RuleList } from "./rules/RuleList";

const FRESH_MS = 5_000;

/** Rules and what they would have done, who is told, and what fired. */
export default function AlertsPage() {
  const query = useQuery({ queryKey: ["alerts"], queryFn: ({ signal }) => readBook(signal), refetchInterval: FRESH_MS });
  const [chosen, choose] = useQueryValue("rule");
  const [adding, setAdding] = useQueryValue("add");
  const apps = useApps()?.apps;
  const zone = apps?.[0]?.app.time_zone ?? "UTC";
  const clock = useMemo(() => clockIn(zone), [zone]);
  if (!query.data) {
    return query.error ? (
      <Failure title="The rules cannot be shown" error={query.error} retry={() => void query.refetch()} level={1} />
    ) : (
      <Loading slow="Still reading the rules. The metadata may be busy.">
        <Skeleton height={320} />
      </Loading>
    );
  }
  const book = query.data;
  const ids = apps?.map(({ app }) => app.app_id) ?? [];
  const rule = book.rules.find(({ name }) => name === chosen) ?? book.rules[0];
  return (
    <div className={css.page}>
      <div className={css.head}>
        <h1 className={css.title}>Alerts</h1>
        <Button size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => setAdding("rule", "push")}>
          Add a rule
        </Button>
      </div>
      {rule ? (
        <div className={css.rules}>
          <RuleList rules={book.rules} chosen={rule.name} clock={clock} onChoose={(name) => choose(name, "push")} />
          <RuleDetail
            key={rule.name}
            rule={rule}
            clock={clock}
            onChange={() => {
              choose(rule.name);
              setAdding("change", "push");
            }}
          />
        </div>
      ) : (
        <Empty title="There is no rule yet">
          <p>
            A rule fires when something holds: a session shorter than 20 seconds, fewer orders than usual, no events for five
            minutes. Before it is armed you see when it would have fired.
          </p>
        </Empty>
      )}
      <HistoryList rule={chosen} clock={clock} onAll={() => choose("", "push")} />
      <ChannelList channels={book.channels} clock={clock} onAdd={() => setAdding("channel", "push")} />
      <RuleForm isOpen={adding === "rule"} rule={null} book={book} apps={ids} clock={clock} onClose={() => setAdding("")} />
      {rule && !rule.is_declared && adding === "change" && (
        <RuleForm key={rule.name} isOpen rule={rule} book={book} apps={ids} clock={clock} onClose={() => setAdding("")} />
      )}
      <ChannelForm isOpen={adding === "channel"} onClose={() => setAdding("")} />
    </div>
  );
}
