import { defineConfig, mergeConfig } from "vitest/config";
import vite from "./vite.config.ts";

// What needs a recording of a real run is run with one, by tests/unit/test_web.py.
const unrecorded = process.env.VITE_COMANDA_RECORDING === undefined ? ["src/**/*.recorded.test.ts"] : [];

export default defineConfig((environment) =>
  mergeConfig(vite(environment), { test: { include: ["src/**/*.test.ts"], exclude: unrecorded } }),
);
