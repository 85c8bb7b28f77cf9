import { fireEvent, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { show } from "../../testing/render";
import { EventLink } from "./EventLink";

const ID = "00000000-0000-4000-8000-000000000007";
const EVENT = { request_id: ID, request_index: 2, log_offset: 9, event_time: 0, received_at: 0, event_name: "purchase", page: null, page_title: null, is_late: false, epoch: 1 };

test("an event opens in the place of the list that it stands in, and the page behind it stays", () => {
  window.history.replaceState(null, "", "/sessions?last=7d&visitor=v&of=shop&session=s");
  show(<EventLink event={EVENT} />);
  fireEvent.click(screen.getByRole("link", { name: "purchase" }));
  expect(window.location.search).toBe(`?last=7d&event=${ID}.2.9`);
});
