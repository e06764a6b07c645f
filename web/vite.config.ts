import { defineConfig, loadEnv } from "vite";

export default defineConfig(({ mode }) => ({
  base: "/",
  resolve: { alias: { "~": new URL("./src", import.meta.url).pathname } },
  build: {
    target: "es2022",
    // Assets as data: addresses would need holes in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    // One file of icons instead of one for each: a slow tablet waits for requests, not for bytes.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "icons", test: /node_modules[\\/]lucide/ }] } } },
  },
  worker: { format: "es" },
  // `npm run dev` beside a running `comanda serve --demo`; COMANDA_URL for one that listens elsewhere.
  server: {
    proxy: Object.fromEntries(
      ["/hub", "/media", "/open-api"].map((path) => [path, loadEnv(mode, ".", "COMANDA_").COMANDA_URL ?? "http://127.0.0.1:8080"]),
    ),
  },
}));
