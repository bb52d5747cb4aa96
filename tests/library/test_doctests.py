"""The examples in the docstrings of the framework are true."""

from __future__ import annotations

import doctest
from importlib import import_module

import numpy as np
import pytest

import tinytorch
from tinytorch.core import autograd
from tinytorch.course import MODULES

FILES = [f"tinytorch.core.{module.name}" for module in MODULES]
BESIDE = ["tinytorch.arguments", "tinytorch.composition"]


@pytest.mark.parametrize("name", [*FILES, *BESIDE])
def test_the_examples_in_docstrings_are_true(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tinytorch.manual_seed(0)
    monkeypatch.setattr(autograd, "_rules", dict(autograd._rules))  # one of them adds a rule
    names = {"np": np} | {public: getattr(tinytorch, public) for public in tinytorch.__all__}
    module = import_module(name)
    failed, tried = doctest.testmod(module, extraglobs=names)
    assert tried, f"{name} has no examples"
    assert not failed
