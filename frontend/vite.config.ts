import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** Where `make dev` runs the server; the page's own addresses are always relative. */
const server = process.env.KAIKOU_SERVER ?? "http://127.0.0.1:8000";

/** What belongs to the server. `/chat` is a socket only, so it never collides with a page's address. */
const proxied = ["/api", "/v1", "/chat", "/health", "/ready", "/metrics", "/docs", "/openapi.json"];

export default defineConfig({
  plugins: [react()],
  server: {
    proxy: Object.fromEntries(proxied.map((path) => [path, { target: server, ws: true }])),
  },
  build: {
    outDir: "../src/kaikou/web",
    emptyOutDir: true,
    // A data: worklet would need a hole in the content security policy.
    assetsInlineLimit: 0,
  },
  worker: { format: "es" },
  test: { include: ["tests/**/*.test.ts"] },
});
