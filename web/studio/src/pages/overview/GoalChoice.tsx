import "@mantine/core/styles/Combobox.css";
import "@mantine/core/styles/Pill.css";
import "@mantine/core/styles/PillsInput.css";
import { Button, MultiSelect, Popover } from "@mantine/core";
import { IconTarget } from "@tabler/icons-react";
import { useState } from "react";

const GOALS_MAX = 20;
const INSIDE = { withinPortal: false } as const;

type Props = { readonly goals: readonly string[]; readonly names: readonly string[]; readonly onChange: (goals: readonly string[]) => void };

/** Which events are conversions: what the settings name, until somebody chooses here. */
export function GoalChoice({ goals, names, onChange }: Props) {
  const [isOpen, setIsOpen] = useState(false);
  const [first = "none", ...more] = goals;
  const shown = more.length > 0 ? `${first} and ${more.length} more` : first;
  return (
    <Popover opened={isOpen} onChange={setIsOpen} position="bottom-end" trapFocus returnFocus shadow="md">
      <Popover.Target>
        <Button variant="default" size="xs" leftSection={<IconTarget size={14} aria-hidden />} aria-label={`Conversions: ${shown}`} onClick={() => setIsOpen(!isOpen)}>
          {shown}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Conversions" w={300}>
        <MultiSelect
          size="xs"
          label="Events that are conversions"
          description="Without any, those of the settings"
          searchable
          maxValues={GOALS_MAX}
          comboboxProps={INSIDE}
          value={[...goals]}
          onChange={onChange}
          data={[...new Set([...goals, ...names])]}
        />
      </Popover.Dropdown>
    </Popover>
  );
}
