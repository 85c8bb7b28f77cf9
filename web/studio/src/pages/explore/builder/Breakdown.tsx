import { NativeSelect } from "@mantine/core";
import type { Field } from "../../../components/filters/filters";
import { FieldChoice } from "./Choices";

const BY_MAX = 3;
const SHOWN = ["3", "5", "10", "20", "50", "100"] as const;

type Props = {
  readonly by: readonly string[];
  /** How many groups an answer has; the others together are its rest. */
  readonly shown: number;
  readonly fields: readonly Field[];
  readonly onBy: (by: readonly string[]) => void;
  readonly onShown: (shown: number) => void;
};

/** Up to three fields whose values are the groups of an answer. */
export function Breakdown({ by, shown, fields, onBy, onShown }: Props) {
  const counts = [...new Set([...SHOWN, String(shown)])].toSorted((one, other) => Number(one) - Number(other));
  return (
    <>
      {[...by, ""].slice(0, BY_MAX).map((name, at) => (
        <FieldChoice
          // Its place is all that a breakdown has.
          // oxlint-disable-next-line react/no-array-index-key
          key={at}
          label={at === 0 ? "Broken down by" : "and by"}
          none="Nothing"
          value={name}
          fields={fields}
          onChange={(chosen) => onBy([...by.slice(0, at), chosen, ...by.slice(at + 1)].filter(Boolean))}
        />
      ))}
      {by.length > 0 && <NativeSelect size="xs" label="Groups shown" value={String(shown)} onChange={(change) => onShown(Number(change.currentTarget.value))} data={counts} />}
    </>
  );
}
