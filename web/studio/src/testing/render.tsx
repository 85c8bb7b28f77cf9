import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import type { ReactNode } from "react";
import type { isWorthRetry } from "../api/client";
import { theme } from "../theme";

/** Renders with what every page has around it. */
export function show(content: ReactNode, queries: { readonly retry: false | typeof isWorthRetry } = { retry: false }) {
  const client = new QueryClient({ defaultOptions: { queries } });
  const wrap = (inner: ReactNode) => (
    <MantineProvider theme={theme} env="test">
      <QueryClientProvider client={client}>{inner}</QueryClientProvider>
    </MantineProvider>
  );
  const found = render(wrap(content));
  return { ...found, showAgain: (next: ReactNode) => found.rerender(wrap(next)) };
}
