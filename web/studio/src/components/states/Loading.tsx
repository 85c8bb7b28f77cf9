import { Skeleton } from "@mantine/core";
import { type ReactNode, useEffect, useState } from "react";
import css from "./Loading.module.css";

const SLOW_MS = 2_000;

type Props = {
  readonly label?: string;
  /** What is said after two seconds. */
  readonly slow: string;
  /** The shape of what comes, so that nothing moves when it is there. */
  readonly children?: ReactNode;
};

/** Until content is there: its shape, and after two seconds why it takes so long. */
export function Loading({ label = "Loading", slow, children }: Props) {
  const [isSlow, setIsSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setIsSlow(true), SLOW_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <>
      <p className={css.status} role="status">
        {isSlow ? slow : label}
      </p>
      <div aria-hidden data-testid="skeleton">
        {children ?? <Skeleton height={320} />}
      </div>
    </>
  );
}
