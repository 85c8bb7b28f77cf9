import { Frame } from "./components/Frame";
import { LiveProvider } from "./live/LiveContext";
import { Routes } from "./router/Routes";

export function App() {
  return (
    <LiveProvider>
      <Frame>
        <Routes />
      </Frame>
    </LiveProvider>
  );
}
