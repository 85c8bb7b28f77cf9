import { Drawer } from "@mantine/core";
import type { Clock } from "../format/format";
import { parsePlace } from "../url/place";
import { useQueryValue } from "../url/useQuery";
import { EventDetailView } from "./EventDetailView";

/** One event, opened over the page; which one is in the address. */
export function EventDrawer({ clock }: { readonly clock: Clock }) {
  const [asked, setAsked] = useQueryValue("event");
  const place = parsePlace(asked);
  return (
    <Drawer
      opened={asked !== ""}
      onClose={() => setAsked("", "push")}
      position="right"
      size={560}
      title="Event"
      lockScroll={false}
      transitionProps={{ duration: 120 }}
      overlayProps={{ backgroundOpacity: 0.2 }}
      closeButtonProps={{ "aria-label": "Close the event" }}
      styles={{
        content: { background: "var(--raised)", color: "var(--text)" },
        header: { background: "var(--raised)" },
        title: { fontWeight: 600, fontSize: 16 },
      }}
    >
      {place ? <EventDetailView place={place} clock={clock} /> : <p>The address does not name an event.</p>}
    </Drawer>
  );
}
