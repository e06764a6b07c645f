// Finishes a build, given its folder: writes the service worker that knows this build's files, and compresses what
// compresses, so that the server only has to pick. Called by hatch_build.py after Vite.
import { createHash } from "node:crypto";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const COMPRESSIBLE = /\.(html|js|css|svg|json|webmanifest|wasm)$/;
const SMALLEST = 512; // below this, headers weigh more than what is saved

const folder = process.argv[2];
const names = (await readdir(folder, { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile())
  .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"))
  .sort();

await writeFile(join(folder, "sw.js"), await serviceWorker());
await Promise.all([...names, "sw.js"].filter((name) => COMPRESSIBLE.test(name)).map(compress));

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
