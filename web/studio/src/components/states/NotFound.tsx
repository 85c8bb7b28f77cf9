import { StatePanel } from "../components/StatePanel";

export function NotFoundPage({ path }: { readonly path: string }) {
  return (
    <StatePanel title="There is no such page">
      <p>
        Nothing is at <code><bdi>{path}</bdi></code>. <a href="/live">Go to the live page</a>.
      </p>
    </StatePanel>
  );
}
