import { AddDrawer } from "../../dashboards/add/AddDrawer";
import type { Asked } from "../state/question";
import { wordsOf } from "../state/words";
import { chartOf } from "./tile";

type Props = { readonly isOpen: boolean; readonly asked: Asked; readonly view: string; readonly onClose: () => void };

/** Puts a report on the draft of a dashboard. */
export function KeepDrawer({ isOpen, asked, view, onClose }: Props) {
  return (
    <AddDrawer
      isOpen={isOpen}
      onClose={onClose}
      query={{ kind: "report", model: asked.model, question: asked.question }}
      chart={chartOf(asked, view)}
      title={wordsOf(asked)}
      note="Range and filters of the dashboard count for it, too."
    />
  );
}
