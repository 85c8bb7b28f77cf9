import { Found } from "../../../components/Found";
import type { GroupOption } from "./groups";
import css from "./Result.module.css";

type Props = { readonly by: readonly string[]; readonly options: readonly GroupOption[]; readonly value: string; readonly onChange: (key: string) => void };

/** Which part of a broken-down answer is drawn. */
export function GroupChoice({ by, options, value, onChange }: Props) {
  return (
    <div className={css.group}>
      <Found label={`Drawn for ${by.join(" · ")}`} value={value} options={options} onChange={onChange} />
    </div>
  );
}
