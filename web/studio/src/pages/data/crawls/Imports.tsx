import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Section } from "../../../components/Section";
import { Snippet } from "../../../components/Snippet";
import { Empty } from "../../../components/states/Empty";
import { Failure } from "../../../components/states/Failure";
import { Loading } from "../../../components/states/Loading";
import exports_ from "../exports/ExportList.module.css";
import { readCrawls } from "./api";
import { CrawlItem } from "./CrawlItem";

const REFRESH_MS = 15_000;

/** Places of files that are tables: what their last runs found, and what changed when. */
export function Imports() {
  const found = useQuery({
    queryKey: ["crawls"],
    queryFn: ({ signal }) => readCrawls(signal),
    refetchInterval: REFRESH_MS,
  });
  return (
    <Section title="Files as tables">
      {found.data ? (
        found.data.crawls.length > 0 ? (
          <ul className={exports_.list} aria-label="Crawls">
            {found.data.crawls.map((one) => (
              <CrawlItem key={one.name} crawl={one} />
            ))}
          </ul>
        ) : (
          <Empty title="No files are tables">
            <p>JSON, CSV and Parquet files of a folder or bucket can be read with SQL where they lie. Add a place with:</p>
            <Snippet text="footfall crawl add shop s3://shop-data/clicks" label="the command that adds a crawl" />
          </Empty>
        )
      ) : found.error ? (
        <Failure title="The crawls cannot be shown" error={found.error} retry={() => void found.refetch()} />
      ) : (
        <Loading slow="The studio takes long to answer; it may be busy.">
          <Skeleton height={88} />
        </Loading>
      )}
    </Section>
  );
}
