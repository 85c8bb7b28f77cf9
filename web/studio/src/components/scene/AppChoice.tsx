import { NativeSelect } from "@mantine/core";
import type { Apps } from "../../api/generated";

type Props = { readonly apps: Apps | null; readonly app: string; readonly label?: string; readonly onChange: (app: string) => void };

/** One app of the project, or all of them. */
export function AppChoice({ apps, app, label, onChange }: Props) {
  const known = (apps?.apps ?? []).map((one) => ({ value: one.app.app_id, label: one.app.name }));
  // An app of the address that is gone is said, not another one.
  const offered = app && apps && !known.some(({ value }) => value === app) ? [...known, { value: app, label: `${app} (none of the project)` }] : known;
  return (
    <NativeSelect
      size="xs"
      {...(label ? { label } : { "aria-label": "App" })}
      value={app}
      onChange={(change) => onChange(change.currentTarget.value)}
      data={[{ value: "", label: "All apps" }, ...offered]}
    />
  );
}
