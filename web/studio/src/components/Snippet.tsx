import { ActionIcon, CopyButton } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import css from "./Snippet.module.css";

/** Text to copy: commands, payloads. Always text, never markup. */
export function Snippet({ text, label }: { readonly text: string; readonly label: string }) {
  return (
    <div className={css.snippet}>
      {/* A region that scrolls must be reachable by keyboard. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre className={css.text} tabIndex={0} aria-label={label} role="region">
        {text}
      </pre>
      <CopyButton value={text} timeout={1500}>
        {({ copied, copy }) => (
          <ActionIcon className={css.copy ?? ""} variant="subtle" color="gray" aria-label={copied ? "Copied" : `Copy ${label}`} onClick={copy}>
            {copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
          </ActionIcon>
        )}
      </CopyButton>
    </div>
  );
}
