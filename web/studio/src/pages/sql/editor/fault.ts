import { StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView } from "@codemirror/view";
import type { Fault } from "./place";

/** Marks where the statement is wrong, or takes the mark away. */
export const showFault = StateEffect.define<Fault | null>();

/** The mark goes with the first letter that is changed: what it was about is another text then. */
export const faultMark = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (marks, { docChanged, effects, state }) => {
    let shown = docChanged ? Decoration.none : marks;
    for (const effect of effects) {
      if (!effect.is(showFault)) continue;
      const fault = effect.value;
      const isIn = fault !== null && fault.to <= state.doc.length && fault.from < fault.to;
      shown = isIn ? Decoration.set([Decoration.mark({ class: "cm-fault", attributes: { title: fault.text } }).range(fault.from, fault.to)]) : Decoration.none;
    }
    return shown;
  },
  provide: (field) => EditorView.decorations.from(field),
});
