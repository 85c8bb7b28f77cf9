type Props = {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly onRun: () => void;
};

/** In place of the editor in tests without a browser. */
export function PlainEditor({ value, onChange, onRun }: Props) {
  return (
    <textarea
      aria-label="SQL statement"
      value={value}
      onChange={(change) => onChange(change.currentTarget.value)}
      onKeyDown={(event) => event.key === "Enter" && event.ctrlKey && onRun()}
    />
  );
}
