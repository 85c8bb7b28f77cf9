import { createTheme, type MantineColorsTuple } from "@mantine/core";

const teal: MantineColorsTuple = [
  "#eefaf7",
  "#d6f1ea",
  "#ace3d6",
  "#7dd3c2",
  "#52c2ae",
  "#2da593",
  "#168779",
  "#0f766e",
  "#0c5f59",
  "#094a46",
];

/** Warm greys, light to dark, for what Mantine draws by itself. */
const gray: MantineColorsTuple = [
  "#faf9f7",
  "#f3f1ed",
  "#e9e6e0",
  "#dcd8d0",
  "#c9c4ba",
  "#a8a196",
  "#7d766b",
  "#5d574e",
  "#3f3a34",
  "#26231f",
];

const dark: MantineColorsTuple = [
  "#ece8e2",
  "#cfc9c0",
  "#a8a196",
  "#7d766b",
  "#4a453f",
  "#36322d",
  "#2a2723",
  "#1c1a17",
  "#161412",
  "#100f0d",
];

export const theme = createTheme({
  primaryColor: "teal",
  primaryShade: { light: 7, dark: 4 },
  autoContrast: true,
  colors: { teal, gray, dark },
  defaultRadius: 8,
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', 'Cascadia Code', Menlo, Consolas, monospace",
  fontSizes: { xs: "12px", sm: "14px", md: "14px", lg: "16px", xl: "20px" },
  headings: { fontWeight: "600" },
  respectReducedMotion: true,
  cursorType: "pointer",
});
