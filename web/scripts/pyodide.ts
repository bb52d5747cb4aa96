// As much of Pyodide as is used here.

export interface PyProxy {
  [name: string]: any;
}

export interface Files {
  mkdirTree(path: string): void;
  writeFile(path: string, data: Uint8Array): void;
}

export interface Pyodide {
  FS: Files;
  loadPackage(names: string[], options?: object): Promise<unknown>;
  loadPackagesFromImports(code: string, options?: object): Promise<unknown>;
  pyimport(name: string): PyProxy;
  toPy(value: unknown): PyProxy;
}

/** What Python has returned, as JavaScript has it. */
export function plain<Value>(proxy: PyProxy): Value {
  const value = proxy.toJs({ dict_converter: Object.fromEntries });
  proxy.destroy();
  return value;
}
