"""The wheel for browsers: TinyTorch without what a page has no use for, a twentieth of the size."""

from __future__ import annotations

import tempfile
import tomllib
from pathlib import Path

from tito.repository import repository_root
from tito.site.pyodide import Wheel

# A page fetches these once somebody trains on them.
MNIST = "tinytorch/datasets/mnist_files"

# What only the tests of the checks read.
_MUSEUM = "mistakes.toml"


def product_library(root: Path) -> bytes:
    """The quicker matrix product as a shared library in WebAssembly, from its source in a clone."""
    from wasmtime import wat2wasm

    return bytes(wat2wasm((root / "web/pyodide/product.wat").read_text(encoding="utf-8")))


def build_wheel(folder: Path) -> Wheel:
    """Build the wheel from the clone into a folder. Building again gives the same bytes.

    Left out are the files of MNIST, the notebooks, of which a page is another form, and the
    mistakes that the checks are tested with. The library behind `tinytorch.course.product`, which
    runs in a browser alone, is in no other wheel.

    Raises:
        TitoError: there is no clone to build it from.
    """
    from hatchling.builders.wheel import WheelBuilder  # which only a builder of sites has

    root = repository_root()
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    settings = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    settings["exclude"] = [f"{MNIST}/*.gz"]
    shipped = settings["force-include"].pop("modules")
    for file in sorted((root / "modules").rglob("*")):
        if file.suffix in (".py", ".toml") and file.name != _MUSEUM:
            inside = file.relative_to(root / "modules").as_posix()
            settings["force-include"][f"modules/{inside}"] = f"{shipped}/{inside}"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile() as library:
        library.write(product_library(root))
        library.flush()
        settings["force-include"][library.name] = "tinytorch/course/product.wasm"
        [wheel] = WheelBuilder(str(root), config=project).build(directory=str(folder.absolute()))
    return Wheel(Path(wheel), imports=("tinytorch", "tito"), depends=("numpy",))
