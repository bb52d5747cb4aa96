"""The first cell of a notebook, which the lesson does without.

It installs TinyTorch where it is missing, as on Colab or Binder: from the wheel beside the
notebook, the clone around it, or the address at which the repository is published. It does not ask
the package index: what has the name `tinytorch` there is another project.
"""

from collections.abc import Mapping
from typing import Any

from tito import addresses

_TAG = "set-up"

# Folded away, in JupyterLab and on Colab, so that a notebook begins with its title.
METADATA = {"cellView": "form", "jupyter": {"source_hidden": True}, "tags": [_TAG]}

TEXT = (
    f"""\
# @title Installs TinyTorch where it is missing, as on Colab or Binder
# @markdown From the wheel beside this notebook or the clone around it; or else from here:
elsewhere = "{addresses.archive()}"  # @param {{type: "string"}}
"""
    + """\
try:
    import tinytorch.course.notebook
except ImportError:
    import subprocess
    import sys
    from importlib import metadata
    from pathlib import Path

    class NotInstalledError(ImportError):
        def _render_traceback_(self):  # IPython shows the words alone
            return [str(self)]

    here = Path.cwd()
    found = [str(wheel) for wheel in sorted(here.glob("tinytorch*-none-any.whl"))[-1:]]
    found += [str(f) for f in here.parents if (f / "tinytorch/course/notebook.py").exists()]
    found += [elsewhere] if elsewhere else []
    by_hand = (
        "1. Get its wheel, the file tinytorch_course-….whl, where you got this\\n"
        "   notebook. Whoever has a clone of TinyTorch makes it there: pip wheel --no-deps .\\n"
        "   (What `pip install tinytorch` brings is another project.)\\n"
        f"2. Put it beside this notebook, into {here}\\n"
        "   On Colab: click on the folder at the left edge, and drag the file there.\\n"
        "3. Run this cell again.\\n\\n"
        "A wheel that has an address can stay there: write that after `elsewhere`."
    )
    if not found:
        raise NotInstalledError(
            "TinyTorch is not installed here, and this notebook builds on it.\\n\\n" + by_hand
        ) from None
    another = (
        "Another project by the name of tinytorch is installed here, and the files of both\\n"
        "would be in one folder. If nobody needs it, remove it, and run this cell again:\\n\\n"
        "    %pip uninstall --yes tinytorch\\n\\n"
        "Otherwise open this notebook in an environment of its own."
    )
    if any(other.name == "tinytorch" for other in metadata.distributions()):
        raise NotInstalledError(another) from None
    print(f"Installing TinyTorch from {found[0]}; this may take a minute.", flush=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", found[0]]
    done = subprocess.run(pip, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise NotInstalledError(
            f"{done.stdout}\\nTinyTorch could not be installed; pip says why, above. It needs "
            "Python 3.11 or\\nlater, and a network to fetch the libraries that it builds on.\\n"
            f"It was to come from {found[0]}\\nTo take it from a file instead:\\n\\n{by_hand}"
        ) from None
    for name in [name for name in sys.modules if name.split(".")[0] == "tinytorch"]:
        del sys.modules[name]  # which was the other project
    try:
        import tinytorch.course.notebook
    except ModuleNotFoundError:
        raise NotInstalledError(
            f"What {found[0]}\\nbrings is another project by the name of tinytorch. "
            "Remove it:\\n\\n    %pip uninstall --yes tinytorch\\n\\n"
            f"Then take the wheel:\\n\\n{by_hand}"
        ) from None

tinytorch.course.notebook.begin()"""
)


def is_set_up(metadata: Mapping[str, Any]) -> bool:
    """Whether a notebook's cell with this metadata is the one that sets things up."""
    return _TAG in metadata.get("tags", ())
