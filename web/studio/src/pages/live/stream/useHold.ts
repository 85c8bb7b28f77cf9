import { type FocusEvent, type PointerEvent, useEffect, useRef, useState } from "react";

/** A finger is gone before its click is there, so what it touched is held a little longer. */
const TOUCH_MS = 1_500;

type Hold = {
  /** Whether the pointer or the keyboard's focus is on it. */
  readonly isHeld: boolean;
  readonly handlers: {
    readonly onPointerEnter: (event: PointerEvent) => void;
    readonly onPointerMove: (event: PointerEvent) => void;
    readonly onPointerLeave: (event: PointerEvent) => void;
    readonly onFocus: (event: FocusEvent) => void;
    readonly onBlur: (event: FocusEvent) => void;
  };
};

/** Whether somebody is about to act on an element: then it must not move. */
export function useHold(): Hold {
  const [isOver, setIsOver] = useState(false);
  const [hasFocus, setHasFocus] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const enter = () => {
    clearTimeout(timer.current);
    setIsOver(true);
  };
  return {
    isHeld: isOver || hasFocus,
    handlers: {
      onPointerEnter: enter,
      // An element that comes under a resting pointer is not entered until it moves.
      onPointerMove: enter,
      onPointerLeave: (event) => {
        clearTimeout(timer.current);
        if (event.pointerType === "touch") timer.current = setTimeout(() => setIsOver(false), TOUCH_MS);
        else setIsOver(false);
      },
      // A click leaves its focus behind; only a focus that is seen is somebody's place.
      onFocus: (event) => setHasFocus(event.target.matches(":focus-visible")),
      onBlur: (event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) setHasFocus(false);
      },
    },
  };
}
