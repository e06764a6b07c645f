// Finishes a build, given its folder: writes the service worker that knows this build's files, says which files each
// screen needs beside the page's own, and compresses what compresses, so that the server only has to pick. Called by
// hatch_build.py after Vite.
import { createHash } from "node:crypto";
import { readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const COMPRESSIBLE = /\.(html|js|css|svg|json|webmanifest|wasm)$/;
const SMALLEST = 512; // below this, headers weigh more than what is saved

const SCREENS = {
  board: "board/board.tsx",
  kitchen: "kitchen/kitchen.tsx",
  new: "entry/entry.tsx",
  insights: "insights/insights.tsx",
  setup: "setup/setup.tsx",
  "sign-in": "sign-in/sign-in.tsx",
  pair: "sign-in/pair.tsx",
};

const folder = process.argv[2];
await writeFile(join(folder, "screens.preload"), await preloads());
await rm(join(folder, ".vite"), { recursive: true });
const names = (await readdir(folder, { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile())
  .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"))
  .sort();

await writeFile(join(folder, "sw.js"), await serviceWorker());
await Promise.all([...names, "sw.js"].filter((name) => COMPRESSIBLE.test(name)).map(compress));

// A line for each screen: its part of the address, then the files that the page asks for only once its script runs.
async function preloads() {
  const manifest = JSON.parse(await readFile(join(folder, ".vite/manifest.json"), "utf8"));
  const own = closure(manifest, "index.html");
  const lines = Object.entries(SCREENS).map(([screen, source]) => {
    const files = [...closure(manifest, `src/screens/${source}`)].filter((file) => !own.has(file));
    return [screen, ...files.map((file) => `/${file}`)].join(" ");
  });
  return `${lines.join("\n")}\n`;
}

function closure(manifest, name, found = new Set()) {
  const chunk = manifest[name];
  if (found.has(chunk.file)) return found;
  found.add(chunk.file);
  for (const style of chunk.css ?? []) found.add(style);
  for (const imported of chunk.imports ?? []) closure(manifest, imported, found);
  return found;
}

async function serviceWorker() {
  const shell = names.filter((name) => name === "index.html" || /^(assets|icons)\/|\.webmanifest$/.test(name));
  const digest = createHash("sha256");
  for (const name of shell) digest.update(name).update(await readFile(join(folder, name)));
  const source = await readFile(new URL("service-worker.js", import.meta.url), "utf8");
  const paths = shell.map((name) => (name === "index.html" ? "/" : `/${name}`));
  return `const BUILD = "${digest.digest("hex").slice(0, 16)}";\nconst SHELL = ${JSON.stringify(paths)};\n${source}`;
}

async function compress(name) {
  const path = join(folder, name);
  const content = await readFile(path);
  if (content.length < SMALLEST) return;
  const brotli = brotliCompressSync(content, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length },
  });
  for (const [ending, packed] of [["gz", gzipSync(content, { level: 9 })], ["br", brotli]]) {
    if (packed.length < content.length) await writeFile(`${path}.${ending}`, packed);
  }
}
