// The app's shell without the network: a tablet that is reloaded while the server restarts still shows the page, which then
// says so itself. Only this build's own files are kept; data is never. BUILD and SHELL are written above by seal.mjs.
/* global BUILD, SHELL */

const PREFIX = "comanda-shell-";
const KEPT = PREFIX + BUILD;
const PATIENCE_MS = 3_000;
const PAGE = /^\/(board|kitchen(\/[^/]+)?|new|insights|setup|sign-in|pair)?$/;
const FILES = new Set(SHELL);

self.addEventListener("install", (event) => {
  event.waitUntil(keepShell());
});

self.addEventListener("activate", (event) => {
  event.waitUntil(takeOver());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    if (PAGE.test(url.pathname)) event.respondWith(page(event));
  } else if (FILES.has(url.pathname) && url.pathname !== "/") {
    event.respondWith(file(request));
  }
});

async function keepShell() {
  const kept = await caches.open(KEPT);
  // What the browser itself has kept under these addresses may be an older build's.
  await kept.addAll(SHELL.map((path) => new Request(path, { cache: "reload", credentials: "same-origin" })));
  await self.skipWaiting();
}

async function takeOver() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== KEPT).map((name) => caches.delete(name)));
  await self.clients.claim();
}

/** The page from the server, or the kept one when the server is away, failing or slow. */
async function page(event) {
  const kept = () => caches.open(KEPT).then((cache) => cache.match("/"));
  const asked = fetch(event.request).then((answer) => {
    if (answer.status >= 500) throw new Error(`answered ${answer.status}`);
    return answer;
  });
  event.waitUntil(asked.catch(() => undefined));
  const patience = new Promise((resolve) => {
    setTimeout(resolve, PATIENCE_MS);
  });
  try {
    return (await Promise.race([asked, patience])) ?? (await kept()) ?? (await asked);
  } catch (error) {
    const shell = await kept();
    if (shell) return shell;
    throw error;
  }
}

/** A file of this build; its address names its content, so what is kept is what the server would send. */
async function file(request) {
  const cache = await caches.open(KEPT);
  return (await cache.match(request, { ignoreVary: true })) ?? fetch(request);
}
