import { useEffect, useState } from "react";

/** Longer than a closed drawer takes to give the focus back to what opened it. */
const LINGER_MS = 100;

/** True as long as `isOn` and a moment longer: what closed may be followed by its focus coming back. */
export function useLingering(isOn: boolean): boolean {
  const [lingers, setLingers] = useState(isOn);
  if (isOn && !lingers) setLingers(true);
  useEffect(() => {
    if (isOn) return undefined;
    const timer = setTimeout(() => setLingers(false), LINGER_MS);
    return () => clearTimeout(timer);
  }, [isOn]);
  return isOn || lingers;
}
