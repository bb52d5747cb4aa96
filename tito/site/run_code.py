"""A Sphinx extension: code that is run when the site is built, with what it prints below it.

    ```{run}
    print(Linear(784, 256))
    ```

The blocks of a page share their names, as the cells of a notebook do. An error ends the build.
"""

import contextlib
import io
import traceback
from typing import Any

import numpy as np
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

import tinytorch


class Run(SphinxDirective):
    """The directive `run`."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Show the code, and what it prints."""
        code = "\n".join(self.content)
        shown: list[nodes.Node] = [_block(code, "python", "")]
        output = io.StringIO()
        try:
            with contextlib.redirect_stdout(output):
                exec(compile(code, self.env.doc2path(self.env.docname), "exec"), self._names())
        except Exception as error:
            raise self.error(f"the code fails:\n{traceback.format_exc()}") from error
        if output.getvalue():
            shown.append(_block(output.getvalue().rstrip("\n"), "text", "printed"))
        return shown

    def _names(self) -> dict[str, Any]:
        """What the blocks above on this page have defined."""
        document = self.env.current_document
        if "run_code" not in document:
            document["run_code"] = {}
            tinytorch.manual_seed(3)
            np.random.seed(3)
        names: dict[str, Any] = document["run_code"]
        return names


def _block(text: str, language: str, kind: str) -> nodes.literal_block:
    block = nodes.literal_block(text, text, language=language)
    if kind:
        block["classes"].append(kind)
    return block


def setup(app: Sphinx) -> ExtensionMetadata:
    """Tell Sphinx about the directive."""
    app.add_directive("run", Run)
    return {"parallel_read_safe": True}
