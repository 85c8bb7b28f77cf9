import "@mantine/core/styles/Modal.css";
import { Modal, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { type KeyboardEvent, useId, useState } from "react";
import { navigate } from "wouter/use-browser-location";
import { foundIn, type Target } from "./found";
import css from "./Palette.module.css";
import { useTargets } from "./useTargets";

/** Goes to a page, dashboard, report or event by some letters of its name. */
export default function Palette({ onClose }: { readonly onClose: () => void }) {
  return (
    <Modal.Root opened onClose={onClose} lockScroll={false} size={560} padding={0} yOffset="12vh" transitionProps={{ duration: 80 }}>
      <Modal.Overlay backgroundOpacity={0.2} />
      <Modal.Content aria-label="Go to">
        <Modal.Body>
          <Search onClose={onClose} />
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 };

function Search({ onClose }: { readonly onClose: () => void }) {
  const targets = useTargets();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const id = useId();
  const found = foundIn(targets, typed);
  const chosen = Math.min(at, found.length - 1);
  const go = ({ to }: Target) => {
    onClose();
    navigate(to);
  };
  const press = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    const target = found[chosen];
    if (step !== undefined && found.length > 0) {
      event.preventDefault();
      setAt((chosen + step + found.length) % found.length);
    } else if (event.key === "Enter" && target) {
      event.preventDefault();
      go(target);
    }
  };
  return (
    <>
      <TextInput
        data-autofocus
        variant="unstyled"
        size="md"
        className={css.field ?? ""}
        leftSection={<IconSearch size={16} aria-hidden />}
        placeholder="Go to a page, dashboard, report or event"
        aria-label="Go to"
        role="combobox"
        aria-expanded
        aria-controls={id}
        aria-activedescendant={found.length > 0 ? `${id}-${chosen}` : undefined}
        autoComplete="off"
        value={typed}
        onChange={(change) => {
          setTyped(change.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={press}
      />
      <div className={css.list} id={id} role="listbox" aria-label="Found">
        {found.map((target, place) => (
          // The field keeps the focus and has the keys; these take the pointer.
          // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
          <div key={`${target.kind} ${target.to}`} id={`${id}-${place}`} role="option" aria-selected={place === chosen} tabIndex={-1} className={css.target} onPointerMove={() => setAt(place)} onClick={() => go(target)}>
            <bdi className={css.name}>{target.title}</bdi>
            <span className={css.kind}>{target.kind}</span>
          </div>
        ))}
      </div>
      {found.length === 0 && (
        <p className={css.none} role="status">
          Nothing has this in its name.
        </p>
      )}
    </>
  );
}
