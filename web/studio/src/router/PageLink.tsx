import type { ReactNode } from "react";
import { Link } from "wouter";
import type { PagePath } from "./pages";

type Props = {
  readonly to: PagePath;
  readonly className?: string | undefined;
  readonly isCurrent?: boolean;
  readonly children: ReactNode;
};

/** A link to a page that exists; the compiler knows which do. */
export function PageLink({ to, className, isCurrent = false, children }: Props) {
  return (
    <Link href={to} className={className} aria-current={isCurrent ? "page" : undefined}>
      {children}
    </Link>
  );
}
