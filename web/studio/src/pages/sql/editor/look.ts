import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

/** Of the page's variables, so that it follows the theme without being made anew. */
const theme = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "var(--raised)", fontSize: "13px", borderRadius: "8px" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "1px" },
  ".cm-scroller": { fontFamily: "var(--mantine-font-family-monospace)", lineHeight: "20px", maxHeight: "40vh" },
  ".cm-content": { padding: "10px 0", minHeight: "120px", caretColor: "var(--text)" },
  ".cm-line": { padding: "0 12px" },
  ".cm-placeholder": { color: "var(--muted)" },
  ".cm-matchingBracket": { backgroundColor: "var(--accent-soft) !important", color: "inherit !important" },
  ".cm-tooltip": {
    color: "var(--text)",
    backgroundColor: "var(--raised)",
    border: "1px solid var(--line)",
    borderRadius: "8px",
  },
  ".cm-tooltip.cm-completionInfo": { padding: "6px 10px", maxWidth: "280px", fontFamily: "var(--mantine-font-family)" },
  ".cm-tooltip-autocomplete > ul": { fontFamily: "var(--mantine-font-family-monospace) !important", maxHeight: "240px !important", borderRadius: "8px" },
  ".cm-tooltip-autocomplete > ul > li": { padding: "2px 8px !important" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": {
    color: "var(--text) !important",
    backgroundColor: "var(--accent-soft) !important",
  },
  ".cm-fault": { textDecoration: "underline wavy var(--failure) 1px", textUnderlineOffset: "4px" },
  ".cm-completionDetail": { color: "var(--muted-on-accent)", fontStyle: "normal", marginLeft: "12px" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "600" },
});

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--accent)", fontWeight: "500" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--attention)" },
  { tag: [tags.comment, tags.lineComment, tags.blockComment], color: "var(--muted)", fontStyle: "italic" },
]);

export const look = [theme, syntaxHighlighting(colours)];
