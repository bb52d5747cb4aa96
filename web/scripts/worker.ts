// Python in a worker of its own: the page stays alive, and an endless loop ends with the worker.

import type { Check, Explore, FromWorker, Request, Run, Shown, Start, ToWorker } from "./protocol";
import { fetchData } from "./data";
import { Digits } from "./digits";
import { Printing } from "./printing";
import { plain, type Pyodide, type PyProxy } from "./pyodide";

const SITE = new URL("../../", import.meta.url);

const say = (message: FromWorker): void => postMessage(message);
const SILENT = { messageCallback: () => {} };

let python: Pyodide;
let page: PyProxy;
let digits: Digits;
let queue: Promise<void> = Promise.resolve();

onmessage = ({ data }: MessageEvent<ToWorker>): void => {
  if (data.op === "halt") digits.halt();
  else queue = queue.then(() => (data.op === "start" ? start(data) : answer(data.id, data.request)));
};

async function start(asked: Start): Promise<void> {
  try {
    countBytes();
    const folder = new URL("pyodide/", SITE).href;
    await expectPython(folder);
    const { loadPyodide } = await import(`${folder}pyodide.mjs`);
    python = await loadPyodide({ indexURL: folder });
    progress("NumPy and TinyTorch");
    await python.loadPackage(["tinytorch-course"], SILENT);
    const browser = python.pyimport("tinytorch.course.browser");
    for (const { module, text } of asked.finished) browser.lay_over(module, text);
    const modules = python.pyimport("tinytorch.course.owners").described(browser.whose());
    if (asked.module === null) {
      python.pyimport("tinytorch.course.product").quicken();
      digits = new Digits(python, show, getData);
    } else page = browser.Page(asked.module, show, python.toPy(asked.names));
    say({ type: "ready", modules });
  } catch (error) {
    say({ type: "failed", id: null, text: String(error) });
  }
}

/** Say in words why there is no Python to be had, if there is none. */
async function expectPython(folder: string): Promise<void> {
  const answer = await fetch(`${folder}pyodide.mjs`).catch(() => null);
  if (answer === null) throw new Error("Python cannot be fetched; is there a network?");
  if (!answer.ok) {
    throw new Error(
      "this copy of the course was built without Python; download the notebook, and run it elsewhere",
    );
  }
}

async function answer(id: number, request: Request): Promise<void> {
  try {
    printing.begin();
    const result = await resultOf(request);
    printing.flush();
    say({ type: "result", id, result });
  } catch (error) {
    printing.flush();
    const isFatal = Boolean((error as { pyodide_fatal_error?: boolean }).pyodide_fatal_error);
    say({ type: "failed", id: isFatal ? null : id, text: String(error) });
  }
}

async function resultOf(request: Request): Promise<unknown> {
  switch (request.op) {
    case "run":
      return plain(await run(request));
    case "check":
      return plain(check(request));
    case "train":
      return digits.train(request.epochs);
    case "open":
      return digits.open(request.name, request.content);
    case "read":
      return digits.read(request.image);
    case "form":
      return plain(live().form(request.question));
    case "explore":
      return explore(request);
  }
}

const printing = new Printing((shown) => say({ type: "shown", shown }));

function show(kind: Shown["kind"], text: string): void {
  printing.show({ kind, text });
}

async function explore({ question, settings, guess }: Explore): Promise<string> {
  if (live().reads_digits(question)) await getData();
  await python.loadPackage(["matplotlib"], SILENT);
  const report = (share: number, doing: string): void =>
    show("progress", JSON.stringify({ share, doing }));
  return live().answer(question, python.toPy(settings), guess ?? undefined, report);
}

function live(): PyProxy {
  return python.pyimport("tinytorch.course.explore.live");
}

function getData(): Promise<void> {
  return fetchData(python.FS, SITE, progress);
}

async function run({ cell, code }: Run): Promise<PyProxy> {
  const question = /\bexplore\(\s*["']([\w-]+)/.exec(code)?.[1];
  const readsDigits = question !== undefined && live().reads_digits(question);
  if (/\bmnist\b/.test(code) || readsDigits) await getData();
  if (question) await python.loadPackage(["matplotlib"], SILENT);
  await python.loadPackagesFromImports(code, SILENT);
  return page.run(cell, code);
}

function check({ titles, late, width }: Check): PyProxy {
  return page.check.callKwargs(...titles, { late: python.toPy(late), width });
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
