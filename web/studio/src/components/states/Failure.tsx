import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { ApiError, failureText, requestIdOf } from "../../api/client";
import { StatePanel } from "./StatePanel";
import css from "./StatePanel.module.css";

type Props = {
  /** What cannot be shown. */
  readonly title: string;
  readonly error: Error;
  /** Tries again. */
  readonly retry: () => void;
  readonly again?: string;
  readonly level?: 1 | 2 | 3;
  readonly children?: ReactNode;
};

/** Instead of content that could not be had: what happened, what to do, and a way to try. */
export function Failure({ title, error, retry, again = "Try again", level = 2, children }: Props) {
  if (error instanceof ApiError && error.failure.kind === "signed_out") return <SignedOut level={level} />;
  return (
    <StatePanel title={title} tone="failure" level={level}>
      <p>{failureText(error)}</p>
      {requestIdOf(error) && <p className={css.detail}>Request {requestIdOf(error)}, for whoever reads the studio’s log.</p>}
      {children}
      <Button variant="default" size="xs" onClick={retry}>
        {again}
      </Button>
    </StatePanel>
  );
}

/** Instead of anything, when the browser's session is over. */
export function SignedOut({ level = 1 }: { readonly level?: 1 | 2 | 3 }) {
  return (
    <StatePanel title="Open the link again" level={level}>
      <p>
        This browser is not signed in. Open the link that <code>footfall serve</code> printed when it started, or a
        fresh one of <code>footfall studio link</code>; each works once.
      </p>
    </StatePanel>
  );
}
