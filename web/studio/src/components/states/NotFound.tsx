import { PageLink } from "../../router/PageLink";
import { StatePanel } from "./StatePanel";

/** An address without a page. */
export function NotFound({ path }: { readonly path: string }) {
  return (
    <StatePanel title="There is no such page">
      <p>
        Nothing is at <code><bdi>{path}</bdi></code>. <PageLink to="/live">Go to the live page</PageLink>.
      </p>
    </StatePanel>
  );
}
