import { defineConfig, mergeConfig } from "vitest/config";
import vite from "./vite.config";

export default defineConfig((environment) =>
  mergeConfig(vite(environment), { test: { include: ["src/**/*.test.ts"] } }),
);
