import { SideDrawer } from "../../../components/SideDrawer";
import type { Clock } from "../../../format/format";
import { useQueryValue } from "../../../router/query";
import { EventDetailView } from "./EventDetailView";
import { parsePlace } from "../../../components/event/place";

/** One event, opened over the page; which one is in the address. */
export function EventDrawer({ clock }: { readonly clock: Clock }) {
  const [asked, setAsked] = useQueryValue("event");
  const place = parsePlace(asked);
  return (
    <SideDrawer
      isOpen={asked !== ""}
      onClose={() => setAsked("", "push")}
      size={560}
      title="Event"
      closing="Close the event"
    >
      {place ? <EventDetailView place={place} clock={clock} /> : <p>The address does not name an event.</p>}
    </SideDrawer>
  );
}
