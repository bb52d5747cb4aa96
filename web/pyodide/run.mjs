// Runs a Python program in Pyodide, under Node:
//
//     node run.mjs DISTRIBUTION PROGRAM [ARGUMENTS]
//
// DISTRIBUTION is a folder as `tito.site.pyodide.lay_out` makes it; all packages that are listed
// in it are loaded. Everything on this machine is below /host there. The exit status is the
// program's.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, program, ...args] = process.argv.slice(2);
const distribution = resolve(folder);
const { loadPyodide } = await import(pathToFileURL(`${distribution}/pyodide.mjs`));
const { packages } = JSON.parse(readFileSync(`${distribution}/pyodide-lock.json`, 'utf8'));
const python = await loadPyodide({
  indexURL: distribution,
  env: { HOME: '/home/pyodide', PYTHONDONTWRITEBYTECODE: '1' },
  args: [program, ...args],
});
await python.loadPackage(Object.keys(packages), { messageCallback: () => {} });
python.FS.mkdir('/host');
python.FS.mount(python.FS.filesystems.NODEFS, { root: '/' }, '/host');
python.globals.set('arguments', python.toPy([`/host${resolve(program)}`, ...args]));
process.exitCode = await python.runPythonAsync(`
import runpy, sys
sys.argv[:] = arguments
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
    status = 0
except SystemExit as end:
    status = end.code if isinstance(end.code, int) else int(end.code is not None)
sys.stdout.flush()
sys.stderr.flush()
status
`);
