// The files of MNIST, which come when they are asked for: they are most of what a page ever loads.

import type { Files } from "./pyodide";

const FILES = ["train-images", "train-labels", "t10k-images", "t10k-labels"].map(
  (name) => `${name}-idx${name.endsWith("images") ? 3 : 1}-ubyte.gz`,
);

let there = false;

/** Put MNIST where `tinytorch.datasets` reads it, once. */
export async function fetchData(
  files: Files,
  site: URL,
  progress: (text: string) => void,
): Promise<void> {
  if (there) return;
  progress("MNIST, 11 MB");
  const folder = "/lib/python3.12/site-packages/tinytorch/datasets/mnist_files";
  files.mkdirTree(folder);
  for (const file of FILES) {
    const answer = await fetch(new URL(`mnist/${file}`, site));
    if (!answer.ok) throw new Error(`${file} of MNIST could not be fetched: ${answer.status}.`);
    files.writeFile(`${folder}/${file}`, new Uint8Array(await answer.arrayBuffer()));
  }
  there = true;
}
