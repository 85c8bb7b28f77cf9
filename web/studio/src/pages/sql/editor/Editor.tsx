import { autocompletion, closeBrackets, closeBracketsKeymap, closeCompletion, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { PostgreSQL, sql } from "@codemirror/lang-sql";
import { bracketMatching } from "@codemirror/language";
import { Compartment, type Extension, Prec } from "@codemirror/state";
import { EditorView, keymap, placeholder } from "@codemirror/view";
import { type Ref, useEffect, useImperativeHandle, useRef } from "react";
import type { Table } from "../../../api/generated";
import { styleNonce } from "../../../nonce";
import { columnSource, functionSource, parameterSource, schemaOf } from "./completion";
import { faultMark, showFault } from "./fault";
import type { Fault } from "./place";
import { look } from "./look";
import css from "./Editor.module.css";

export type EditorHandle = {
  /** Put text where the cursor is, and go on typing after it. */
  readonly insert: (text: string) => void;
  /** What is marked in it; "" where nothing is. */
  readonly selected: () => string;
};

type Props = {
  readonly value: string;
  readonly tables: readonly Table[];
  readonly functions: readonly string[];
  /** Where the statement is wrong. */
  readonly fault: Fault | null;
  readonly onChange: (value: string) => void;
  readonly onRun: () => void;
  readonly ref: Ref<EditorHandle>;
};

/** PostgreSQL's words are nearest to DuckDB's. */
function language(tables: readonly Table[], functions: readonly string[]): Extension {
  return [
    sql({ dialect: PostgreSQL, schema: schemaOf(tables), upperCaseKeywords: true }),
    PostgreSQL.language.data.of({ autocomplete: columnSource(tables) }),
    PostgreSQL.language.data.of({ autocomplete: functionSource(functions) }),
    PostgreSQL.language.data.of({ autocomplete: parameterSource }),
  ];
}

/** A statement, with completion. Tab leaves it; Ctrl-Enter (Cmd-Enter) runs it. */
export default function Editor({ value, tables, functions, fault, onChange, onRun, ref }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const known = useRef(new Compartment());
  const given = useRef({ value, tables, functions, onChange, onRun });
  useEffect(() => {
    given.current = { value, tables, functions, onChange, onRun };
  });

  useEffect(() => {
    if (!place.current) return undefined;
    const run = (ran: EditorView) => {
      closeCompletion(ran);
      given.current.onRun();
      return true;
    };
    const made = new EditorView({
      parent: place.current,
      doc: given.current.value,
      extensions: [
        EditorView.cspNonce.of(styleNonce()),
        Prec.highest(keymap.of([{ key: "Mod-Enter", run }])),
        keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
        history(),
        bracketMatching(),
        closeBrackets(),
        autocompletion({ icons: false }),
        placeholder("SELECT … FROM events"),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": "SQL statement", spellcheck: "false" }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) given.current.onChange(update.state.doc.toString());
        }),
        known.current.of(language(given.current.tables, given.current.functions)),
        faultMark,
        look,
      ],
    });
    view.current = made;
    return () => {
      view.current = null;
      made.destroy();
    };
  }, []);

  useEffect(() => {
    const state = view.current?.state;
    if (!state || state.doc.toString() === value) return;
    // Another statement came from the address or the history.
    view.current?.dispatch({ changes: { from: 0, to: state.doc.length, insert: value }, selection: { anchor: value.length } });
  }, [value]);

  useEffect(() => {
    view.current?.dispatch({ effects: known.current.reconfigure(language(tables, functions)) });
  }, [tables, functions]);

  useEffect(() => {
    view.current?.dispatch({ effects: showFault.of(fault) });
  }, [fault]);

  useImperativeHandle(ref, () => ({
    insert: (text) => {
      const made = view.current;
      if (!made) return;
      made.dispatch(made.state.replaceSelection(text), { scrollIntoView: true });
      made.focus();
    },
    selected: () => {
      const state = view.current?.state;
      return state ? state.sliceDoc(state.selection.main.from, state.selection.main.to) : "";
    },
  }), []);

  return <div ref={place} className={css.editor} />;
}
