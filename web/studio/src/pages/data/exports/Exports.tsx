import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Section } from "../../../components/Section";
import { Empty } from "../../../components/states/Empty";
import { Failure } from "../../../components/states/Failure";
import { Loading } from "../../../components/states/Loading";
import { Snippet } from "../../../components/Snippet";
import { readDeliveries } from "./api";
import { ExportList } from "./ExportList";

const REFRESH_MS = 5_000;

/** Files that are written of what comes in: where, how many, how far behind. */
export function Exports() {
  const found = useQuery({
    queryKey: ["deliveries"],
    queryFn: ({ signal }) => readDeliveries(signal),
    refetchInterval: REFRESH_MS,
  });
  return (
    <Section title="Exports">
      {found.data ? (
        found.data.deliveries.length > 0 ? (
          <ExportList deliveries={found.data.deliveries} />
        ) : (
          <Empty title="No files are written">
            <p>
              Requests, events, sessions or any table can be written to files as they come, into a directory or a bucket.
              Add a destination with:
            </p>
            <Snippet text="footfall deliver add clicks events --format csv" label="the command that adds a destination" />
          </Empty>
        )
      ) : found.error ? (
        <Failure title="The exports cannot be shown" error={found.error} retry={() => void found.refetch()} />
      ) : (
        <Loading slow="The studio takes long to answer; it may be busy.">
          <Skeleton height={88} />
        </Loading>
      )}
    </Section>
  );
}
