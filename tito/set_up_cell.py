"""The first cell of a notebook, which the lesson does without.

It installs TinyTorch where it is missing, as on Colab or Binder, from the clone around the
notebook or the wheel beside it. It does not ask the package index: what has the name `tinytorch`
there is another project.
"""

from collections.abc import Mapping
from typing import Any

_TAG = "set-up"

# Folded away, in JupyterLab and on Colab, so that a notebook begins with its title.
METADATA = {"cellView": "form", "jupyter": {"source_hidden": True}, "tags": [_TAG]}

TEXT = """\
# @title Installs TinyTorch where it is missing, as on Colab or Binder
try:
    import tinytorch.notebook
except ImportError:
    from pathlib import Path

    here = Path.cwd()
    found = list(here.glob("tinytorch-*.whl"))  # beside this notebook
    found += [clone for clone in here.parents if (clone / "tinytorch/notebook.py").exists()]
    if not found:
        raise ImportError(
            "TinyTorch is not installed here. Put its wheel, tinytorch-….whl, beside this "
            "notebook, and run this cell again."
        ) from None
    %pip install --quiet "{found[0]}"
    import tinytorch.notebook

tinytorch.notebook.explain_unwritten()"""


def is_set_up(metadata: Mapping[str, Any]) -> bool:
    """Whether a notebook's cell with this metadata is the one that sets things up."""
    return _TAG in metadata.get("tags", ())
