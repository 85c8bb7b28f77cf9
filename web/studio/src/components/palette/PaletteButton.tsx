import { UnstyledButton } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { lazy, Suspense, useEffect, useState } from "react";
import css from "./PaletteButton.module.css";

const Palette = lazy(() => import("./Palette"));
const KEY = navigator.userAgent.includes("Mac") ? "⌘" : "Ctrl";

/** Opens the palette, and Ctrl-K (Cmd-K) does so anywhere; it loads when it is opened first. */
export function PaletteButton() {
  const [isOpen, setIsOpen] = useState(false);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey || event.key.toLowerCase() !== "k") return;
      event.preventDefault();
      setIsOpen((was) => !was);
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
  return (
    <>
      <UnstyledButton className={css.open} aria-keyshortcuts="Control+K Meta+K" onClick={() => setIsOpen(true)}>
        <IconSearch size={14} aria-hidden />
        <span className={css.words}>Go to</span>
        <span className={css.keys} aria-hidden>
          <kbd>{KEY}</kbd> <kbd>K</kbd>
        </span>
      </UnstyledButton>
      {isOpen && (
        <Suspense fallback={null}>
          <Palette onClose={() => setIsOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
