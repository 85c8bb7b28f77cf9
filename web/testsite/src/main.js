// A single-page shop that drives the SDK as its README says. The endpoint and mode come from the
// page's address, so one build serves every test.
import { ClickstreamAnalytics, PageType, SendMode } from "@aws/clickstream-web";

const query = new URLSearchParams(location.search);
const stored = JSON.parse(sessionStorage.getItem("config") ?? "null");
const config = query.has("endpoint")
  ? { endpoint: query.get("endpoint"), mode: query.get("mode") ?? "immediate" }
  : stored;
sessionStorage.setItem("config", JSON.stringify(config));

ClickstreamAnalytics.init({
  appId: "shop_web",
  endpoint: config.endpoint,
  sendMode: config.mode === "batch" ? SendMode.Batch : SendMode.Immediate,
  sendEventsInterval: 1000,
  pageType: PageType.SPA,
  isTrackAppStartEvents: true,
  isTrackAppEndEvents: true,
  isTrackPageLoadEvents: true,
  searchKeyWords: ["q"],
  globalAttributes: { app_build: 17, _traffic_source_source: "newsletter", _traffic_source_medium: "email" },
});

function go(path, title) {
  document.title = title;
  history.pushState({}, "", path);
  document.getElementById("where").textContent = title;
}

const actions = {
  products: () => go("/products", "Products"),
  search: () => go("/search?q=boots", "Search"),
  track: () => ClickstreamAnalytics.record({ name: "button_click", attributes: { button: "hero", position: 3, bold: true } }),
  identify: () => {
    ClickstreamAnalytics.setUserId("user-7");
    ClickstreamAnalytics.setUserAttributes({ plan: "pro", age: 41 });
  },
  purchase: () =>
    ClickstreamAnalytics.record({
      name: "purchase",
      attributes: { _value: 59.9, _currency: "EUR", order: "o-1" },
      items: [{ id: "sku-1", name: "Boots <b>", price: 59.9, quantity: 1, category: "shoes" }],
    }),
  closing: () => ClickstreamAnalytics.record({ name: "closing_event", attributes: { last: "yes" }, isImmediate: true }),
};
for (const [name, act] of Object.entries(actions)) {
  document.getElementById(name).addEventListener("click", act);
}
document.body.dataset.ready = "yes";
