import type { DeliveryReport } from "../../../api/generated";
import { ExportItem } from "./ExportItem";
import css from "./ExportList.module.css";

/** Each destination with what it has, what waits, and what holds it up. */
export function ExportList({ deliveries }: { readonly deliveries: readonly DeliveryReport[] }) {
  return (
    <ul className={css.list} aria-label="Destinations of files">
      {deliveries.map((one) => (
        <ExportItem key={one.name} one={one} />
      ))}
    </ul>
  );
}
