import { useCallback } from "react";
import { MemberList, type MemberPage } from "../../../components/members/MemberList";
import { SideDrawer } from "../../../components/SideDrawer";
import { SaveSegment } from "../../segments/SaveSegment";
import { membersOf } from "../api";
import type { Opening } from "../result/sheet";
import type { Asked } from "../state/question";

type Props = { readonly asked: Asked; readonly opening: Opening | null; readonly onClose: () => void };

/** Exactly those that a number counted. */
export function MembersDrawer({ asked, opening, onClose }: Props) {
  return (
    <SideDrawer isOpen={opening !== null} title={opening?.title ?? "Members"} closing="Close the list" size={560} onClose={onClose}>
      {opening && <List key={opening.cell} asked={asked} opening={opening} />}
    </SideDrawer>
  );
}

function List({ asked, opening }: Pick<Props, "asked"> & { readonly opening: Opening }) {
  const fetch = useCallback<MemberPage>((after, limit, signal) => membersOf(asked, opening.cell, after, limit, signal), [asked, opening.cell]);
  return (
    <MemberList
      of={[asked, opening.cell]}
      fetch={fetch}
      app={asked.question.app ?? ""}
      title={opening.title}
      count={opening.count}
    >
      {(kind) => kind !== "value" && <SaveSegment asked={asked} opening={opening} kind={kind} />}
    </MemberList>
  );
}
