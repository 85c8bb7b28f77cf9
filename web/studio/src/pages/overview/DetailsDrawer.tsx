import { TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { SideDrawer } from "../../components/SideDrawer";
import { changeQuery, useQueryValue } from "../../router/query";
import type { Opening } from "../explore/result/sheet";
import { type Opener, Rows } from "./ListPanel";
import { DETAIL_ROWS, detailQuestion, type List, listTitle, LISTS, type Scene } from "./metrics";
import css from "./OverviewPage.module.css";

/** Before a list's name, where one of its details is opened. */
export const DETAILS = "details ";
const TYPING_MS = 200;

/** All rows of a list, to search in; which one and what for is in the address. */
export function DetailsDrawer({ scene, onOpen }: { readonly scene: Scene; readonly onOpen: Opener }) {
  const [asked] = useQueryValue("details");
  const list = LISTS.find(({ id }) => id === asked) ?? null;
  return (
    <SideDrawer isOpen={list !== null} title={list ? listTitle(list) : ""} closing="Close the details" size={560} onClose={() => changeQuery({ details: "", search: "" }, "push")}>
      {list && <Details key={list.id} list={list} scene={scene} onOpen={onOpen} />}
    </SideDrawer>
  );
}

function Details({ list, scene, onOpen }: { readonly list: List; readonly scene: Scene; readonly onOpen: Opener }) {
  const [search, setSearch] = useQueryValue("search");
  const [typed] = useDebouncedValue(search.trim(), TYPING_MS);
  const open = (at: string | null | undefined) => (opening: Opening) => {
    changeQuery({ text: typed }, "replace");
    onOpen(`${DETAILS}${list.id}`, at)(opening);
  };
  return (
    <>
      <TextInput
        data-autofocus
        size="xs"
        aria-label={`Search in ${listTitle(list)}`}
        placeholder="Search"
        leftSection={<IconSearch size={14} aria-hidden />}
        value={search}
        onChange={(change) => setSearch(change.currentTarget.value)}
      />
      <p className={css.note}>At most {DETAIL_ROWS} rows, those of most first; the others are one row together.</p>
      <Rows list={list} question={detailQuestion(list, scene, typed)} onOpen={open} />
    </>
  );
}
