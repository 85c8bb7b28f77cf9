import { Button } from "@mantine/core";
import { Component, type ReactNode } from "react";
import { StatePanel } from "./StatePanel";
import css from "./StatePanel.module.css";

type Props = { readonly title: string; readonly children: ReactNode };
type State = { readonly error: Error | null };

/** Keeps a fault, or a file of an older version that is gone, to the page or part where it is. */
export class ErrorBoundary extends Component<Props, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: unknown): State {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <StatePanel title={this.props.title} tone="failure">
        <p>
          Something in it went wrong. If Footfall was updated since you opened this page, reloading mends it; if it stays,
          report what stands below.
        </p>
        <p className={css.detail}>{error.message}</p>
        <Button variant="default" size="xs" onClick={() => window.location.reload()}>
          Reload the page
        </Button>
      </StatePanel>
    );
  }
}
