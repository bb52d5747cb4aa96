// Python in a worker of its own: the page stays alive, and an endless loop ends with the worker.

import type { Check, FromWorker, Request, Run, Shown, Start, ToWorker } from "./protocol";
import { fetchData, type Files } from "./data";

const SITE = new URL("../../", import.meta.url);

interface PyProxy {
  [name: string]: any;
}

interface Pyodide {
  FS: Files;
  loadPackage(names: string[], options?: object): Promise<unknown>;
  loadPackagesFromImports(code: string, options?: object): Promise<unknown>;
  pyimport(name: string): PyProxy;
  toPy(value: unknown): PyProxy;
}

const say = (message: FromWorker): void => postMessage(message);
const SILENT = { messageCallback: () => {} };

let python: Pyodide;
let page: PyProxy;
let queue: Promise<void> = Promise.resolve();

onmessage = ({ data }: MessageEvent<ToWorker>): void => {
  queue = queue.then(() => (data.op === "start" ? start(data) : answer(data.id, data.request)));
};

async function start(asked: Start): Promise<void> {
  try {
    countBytes();
    const folder = new URL("pyodide/", SITE).href;
    const { loadPyodide } = await import(`${folder}pyodide.mjs`);
    python = await loadPyodide({ indexURL: folder });
    progress("NumPy and TinyTorch");
    await python.loadPackage(["tinytorch-course"], SILENT);
    const browser = python.pyimport("tinytorch.course.browser");
    for (const { module, text } of asked.finished) browser.lay_over(module, text);
    const whose = plain<Record<string, string>>(browser.whose());
    const show = (kind: Shown["kind"], text: string): void =>
      say({ type: "shown", shown: { kind, text } });
    page = browser.Page(asked.module, show, python.toPy(asked.names));
    say({ type: "ready", yours: Object.keys(whose).filter((name) => whose[name] === "yours") });
  } catch (error) {
    say({ type: "failed", id: null, text: String(error) });
  }
}

async function answer(id: number, request: Request): Promise<void> {
  try {
    const result = request.op === "run" ? await run(request) : check(request);
    say({ type: "result", id, result: plain(result) });
  } catch (error) {
    say({ type: "failed", id, text: String(error) });
  }
}

async function run({ cell, code }: Run): Promise<PyProxy> {
  if (/\bmnist\b/.test(code)) await fetchData(python.FS, SITE, progress);
  await python.loadPackagesFromImports(code, SILENT);
  return page.run(cell, code);
}

function check({ titles, late, width }: Check): PyProxy {
  return page.check.callKwargs(...titles, { late: python.toPy(late), width });
}

/** What Python has returned, as JavaScript has it. */
function plain<Value>(proxy: PyProxy): Value {
  const value = proxy.toJs({ dict_converter: Object.fromEntries });
  proxy.destroy();
  return value;
}

let fetched = 0;
let doing = "Python";
function progress(text: string): void {
  doing = text;
  say({ type: "starting", text, bytes: fetched });
}

/** Tell the page how much has been fetched, since nothing else does. */
function countBytes(): void {
  const original = self.fetch;
  self.fetch = async (...request: Parameters<typeof fetch>): Promise<Response> => {
    const response = await original(...request);
    if (!response.body) return response;
    const counter = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        fetched += chunk.byteLength;
        say({ type: "starting", text: doing, bytes: fetched });
        controller.enqueue(chunk);
      },
    });
    return new Response(response.body.pipeThrough(counter), response);
  };
}
