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


# What differs where the matrix product is that of float64.
_FOR_FLOAT64 = {
    "f32x4": "f64x2",
    "f32": "f64",
    "load32_splat": "load64_splat",
    "$BYTES i32 (i32.const 4)": "$BYTES i32 (i32.const 8)",
    "$COLUMNS i32 (i32.const 8)": "$COLUMNS i32 (i32.const 4)",
}


def product_libraries(root: Path) -> dict[str, bytes]:
    """The quicker matrix product as shared libraries in WebAssembly, by the dtype of its arrays."""
    from wasmtime import wat2wasm

    text = (root / "web/pyodide/product.wat").read_text(encoding="utf-8")
    texts = {"float32": text}
    for old, new in _FOR_FLOAT64.items():
        text = text.replace(old, new)
    texts["float64"] = text
    return {dtype: bytes(wat2wasm(text)) for dtype, text in texts.items()}


def build_wheel(folder: Path) -> Wheel:
    """Build the wheel from the clone into a folder. Building again gives the same bytes.

    Left out are the files of MNIST, the notebooks, of which a page is another form, and the
    mistakes that the checks are tested with. The libraries behind `tinytorch.course.product`,
    which run in a browser alone, are in no other wheel.

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
    with tempfile.TemporaryDirectory() as libraries:
        for dtype, content in product_libraries(root).items():
            library = Path(libraries, f"product_{dtype}.wasm")
            library.write_bytes(content)
            settings["force-include"][str(library)] = f"tinytorch/course/{library.name}"
        [wheel] = WheelBuilder(str(root), config=project).build(directory=str(folder.absolute()))
    return Wheel(Path(wheel), imports=("tinytorch", "tito"), depends=("numpy",))
