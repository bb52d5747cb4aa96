// Keeps what pages have fetched, so that the course goes on without a network.
//
// Each build of the site has a cache of its own, so that a lesson never mixes two of them. A newer
// build fills its cache beside the one in use, and waits until a page asks it to take over.

/** Known by the hash of the list of the site's files. */
declare const BUILD: string;

interface List {
  files: Record<string, string>;
  at_once: string[];
}

const worker = self as unknown as ServiceWorkerGlobalScope;
const PREFIX = "tinytorch-";
const CACHE = PREFIX + BUILD;
const LIST = "offline.json";
// These belong together; all other pages are taken from the network where there is one.
const LESSONS = /^(lesson|_static\/lesson|pyodide|mnist)\//;
// What Python needs for a first verdict. Pictures and MNIST come when they are asked for.
const PYTHON = /^pyodide\/(pyodide|python_stdlib|numpy|tinytorch)/;

worker.addEventListener("install", (event) => event.waitUntil(fill()));
worker.addEventListener("activate", (event) => event.waitUntil(takeOver()));
worker.addEventListener("message", (event) => {
  if (event.data === "take over") event.waitUntil(worker.skipWaiting());
  if (event.data === "keep Python") {
    event.waitUntil(keepPython().then(() => event.ports[0]?.postMessage("kept")));
  }
});
worker.addEventListener("fetch", (event) => {
  const path = pathOf(event.request.url);
  if (event.request.method === "GET" && path !== null) {
    event.respondWith(answer(event.request, path));
  }
});

async function fill(): Promise<void> {
  const cache = await caches.open(CACHE);
  const answer = await fetch(address(LIST), { cache: "no-store" });
  const list = (await answer.clone().json()) as List;
  await cache.put(address(LIST), answer);
  await copyUnchanged(cache, list);
  await Promise.all(list.at_once.map((path) => keep(cache, list, path)));
}

/** Take from the caches of other builds what is the same in this one. */
async function copyUnchanged(cache: Cache, list: List): Promise<void> {
  for (const name of await otherCaches()) {
    const other = await caches.open(name);
    const theirs = await listIn(other);
    for (const [path, hash] of Object.entries(theirs?.files ?? {})) {
      const kept = list.files[path] === hash ? await other.match(address(path)) : undefined;
      if (kept) await cache.put(address(path), kept);
    }
  }
}

async function takeOver(): Promise<void> {
  for (const name of await otherCaches()) await caches.delete(name);
  await worker.clients.claim();
}

async function keepPython(): Promise<void> {
  const cache = await caches.open(CACHE);
  const list = await listIn(cache);
  const paths = Object.keys(list?.files ?? {}).filter((path) => PYTHON.test(path));
  for (const path of paths) if (list) await keep(cache, list, path);
}

/** Put a file of this build into its cache, unless it is there. */
async function keep(cache: Cache, list: List, path: string): Promise<void> {
  if (await cache.match(address(path))) return;
  const answer = await fetch(address(path), { cache: "no-cache" });
  if (answer.ok && (await isOfThisBuild(answer.clone(), list, path))) {
    await cache.put(address(path), answer);
  }
}

async function answer(request: Request, path: string): Promise<Response> {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(address(path));
  if (kept && LESSONS.test(path)) return kept;
  try {
    const fresh = await fetch(request);
    const list = await listIn(cache);
    if (fresh.ok && list?.files[path] && (await isOfThisBuild(fresh.clone(), list, path))) {
      await cache.put(address(path), fresh.clone());
    }
    return fresh;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

/** Whether a file is that of this build: the server may have a newer one by now. */
async function isOfThisBuild(answer: Response, list: List, path: string): Promise<boolean> {
  const digest = await crypto.subtle.digest("SHA-256", await answer.arrayBuffer());
  const bytes = [...new Uint8Array(digest)];
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("") === list.files[path];
}

async function listIn(cache: Cache): Promise<List | null> {
  const kept = await cache.match(address(LIST));
  return kept ? ((await kept.json()) as List) : null;
}

async function otherCaches(): Promise<string[]> {
  return (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
}

function address(path: string): string {
  return new URL(path, worker.registration.scope).href;
}

/** The path of a file of the site; null if an address is of none. */
function pathOf(url: string): string | null {
  const scope = worker.registration.scope;
  if (!url.startsWith(scope)) return null;
  const path = decodeURIComponent(url.slice(scope.length).replace(/[?#].*$/s, ""));
  return path === "" || path.endsWith("/") ? `${path}index.html` : path;
}
