import { TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { failureText } from "../../../api/client";
import type { TopList } from "../../../api/generated";
import { SideDrawer } from "../../../components/SideDrawer";
import { formatCount } from "../../../format/format";
import { changeQuery, useQueryValue } from "../../../router/query";
import { readList } from "../api";
import { formatFilter, isPanel, PANELS, type Panel } from "../narrowing/filters";
import { pick, useNarrowing } from "../narrowing/useNarrowing";
import css from "./PanelDrawer.module.css";
import { TopTable } from "./TopTable";

const TYPING_MS = 200;

/** All rows of one panel, to search in; which one and what for is in the address. */
export function PanelDrawer() {
  const [asked] = useQueryValue("list");
  const panel = isPanel(asked) ? asked : null;
  return (
    <SideDrawer
      isOpen={panel !== null}
      onClose={() => changeQuery({ list: "", search: "" }, "push")}
      size={480}
      title={panel ? `${PANELS[panel].title}, last 30 minutes` : ""}
      closing="Close the list"
    >
      {panel && <Rows panel={panel} />}
    </SideDrawer>
  );
}

function Rows({ panel }: { readonly panel: Panel }) {
  const [search, setSearch] = useQueryValue("search");
  const [typed] = useDebouncedValue(search, TYPING_MS);
  const { who, filters } = useNarrowing();
  const query = useQuery({
    queryKey: ["list", panel, typed, who, ...filters.map(formatFilter)],
    queryFn: ({ signal }) => readList({ panel, search: typed, filters, who }, signal),
    placeholderData: keepPreviousData,
  });
  const { title, unit } = PANELS[panel];
  return (
    <>
      <TextInput
        data-autofocus
        size="sm"
        placeholder={`Search ${title.toLowerCase()}`}
        aria-label={`Search ${title.toLowerCase()}`}
        leftSection={<IconSearch size={14} aria-hidden />}
        value={search}
        onChange={(change) => setSearch(change.currentTarget.value)}
      />
      {query.error ? (
        <p className={css.failure} role="alert">
          The list cannot be shown: {failureText(query.error)}
        </p>
      ) : (
        <>
          <p className={css.note} role="status">
            {query.data ? noteOf(query.data, unit) : "Loading"}
          </p>
          {query.data && (
            <TopTable
              top={query.data}
              panel={panel}
              caption={`${title} by ${unit}`}
              rowsMax={query.data.rows.length}
              none={typed ? "Nothing has this in its name" : `No ${unit} yet`}
              filters={filters}
              onPick={(filter) => pick(filters, filter)}
            />
          )}
        </>
      )}
    </>
  );
}

function noteOf(top: TopList, unit: string): string {
  const rows = top.rows.length === 1 ? "1 row" : `${formatCount(top.rows.length)} rows`;
  return top.others > 0 ? `${rows}; ${formatCount(top.others)} ${unit} of rarer ones are not listed` : rows;
}
