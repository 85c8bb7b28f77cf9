import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "../../src/footfall/studio/static",
    emptyOutDir: true,
    // Everything is a file: the content policy allows no inline fonts or scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  test: {
    css: { modules: { classNameStrategy: "non-scoped" } },
    // One process for all files, as loading modules anew takes four times as long as the tests: what one
    // changes of the page, of globals or of clocks is undone after it.
    isolate: false,
    fileParallelism: false,
    testTimeout: 30_000, // as long as a busy machine may take to load a page's file, and more
    unstubGlobals: true,
    restoreMocks: true,
    projects: [
      { extends: true, test: { name: "plain", include: ["src/**/*.test.ts"], environment: "node" } },
      { extends: true, test: { name: "pages", include: ["src/**/*.test.tsx"], environment: "happy-dom", setupFiles: ["src/testing/setup.ts"] } },
    ],
  },
});
