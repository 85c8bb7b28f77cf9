import { Drawer } from "@mantine/core";
import type { ReactNode } from "react";
import css from "./SideDrawer.module.css";

type Props = {
  readonly isOpen: boolean;
  readonly title: string;
  /** What the close button says to those who cannot see where it is. */
  readonly closing: string;
  readonly size: number;
  readonly onClose: () => void;
  readonly children: ReactNode;
};

/** Something opened over the page, from the right; Escape, the button or a click beside it closes it. */
export function SideDrawer({ isOpen, title, closing, size, onClose, children }: Props) {
  return (
    <Drawer.Root
      opened={isOpen}
      onClose={onClose}
      position="right"
      size={size}
      lockScroll={false}
      transitionProps={{ duration: 120 }}
      classNames={{ content: css.content ?? "", header: css.header ?? "", title: css.title ?? "" }}
    >
      <Drawer.Overlay backgroundOpacity={0.2} />
      <Drawer.Content>
        {/* A header of the page, to those who jump between parts, is only one. */}
        <Drawer.Header role="presentation">
          <Drawer.Title>{title}</Drawer.Title>
          <Drawer.CloseButton aria-label={closing} />
        </Drawer.Header>
        <Drawer.Body>{children}</Drawer.Body>
      </Drawer.Content>
    </Drawer.Root>
  );
}
