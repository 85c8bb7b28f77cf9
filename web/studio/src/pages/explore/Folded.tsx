import { Button } from "@mantine/core";
import { IconAdjustments, IconArrowDown } from "@tabler/icons-react";
import { type ReactNode, useId, useRef, useState } from "react";
import { flushSync } from "react-dom";
import css from "./Folded.module.css";

type Props = {
  /** Whether the question has still to be made: then the form comes first. */
  readonly isFirst: boolean;
  readonly children: ReactNode;
};

/** Where form and answer are below each other: the answer first, and the form behind a button. Where there is room for both, nothing. */
export function Folded({ isFirst, children }: Props) {
  const [isOpen, setIsOpen] = useState(isFirst);
  const change = useRef<HTMLButtonElement>(null);
  const id = useId();
  const close = () => {
    flushSync(() => setIsOpen(false));
    change.current?.focus();
    change.current?.scrollIntoView({ block: "nearest" });
  };
  return (
    <div className={css.fold} data-open={isOpen ? "yes" : undefined}>
      <div className={css.button}>
        <Button ref={change} variant="default" size="xs" leftSection={<IconAdjustments size={14} aria-hidden />} aria-expanded={isOpen} aria-controls={id} onClick={() => setIsOpen(!isOpen)}>
          Change the question
        </Button>
      </div>
      <div id={id} className={css.form}>
        {children}
      </div>
      <div className={css.done}>
        <Button size="xs" fullWidth rightSection={<IconArrowDown size={14} aria-hidden />} onClick={close}>
          Show the answer
        </Button>
      </div>
    </div>
  );
}
