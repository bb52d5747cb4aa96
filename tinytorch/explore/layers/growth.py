"""How the number of parameters grows with the width of a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tinytorch.core.layers import Linear
from tinytorch.explore.experiment import Answer, Change, Experiment, Guess, Progress, Table
from tinytorch.explore.picture import Axis, Lines, Mark, Picture, Series
from tinytorch.explore.settings import setting
from tinytorch.explore.units import count, figures, plain


@dataclass(frozen=True)
class Settings:
    """The network, and how much wider it gets."""

    inputs: int = setting(784, "numbers that go in", at_least=1, at_most=20_000)
    hidden: int = setting(256, "hidden units to begin with", at_least=1, at_most=2_000)
    outputs: int = setting(10, "numbers that come out", at_least=1, at_most=20_000)
    factor: int = setting(2, "how many times as wide it gets", at_least=2, at_most=4)
    hidden_layers: int = setting(3, "layers of hidden units, at most", at_least=1, at_most=6)


def guess(settings: Settings) -> Guess:
    """What to ask first."""
    wider = settings.hidden * settings.factor
    return Guess(
        f"{settings.inputs}-{settings.hidden}-{settings.outputs} becomes "
        f"{settings.inputs}-{wider}-{settings.outputs}. How many times as many parameters is that?",
        unit="times",
        digits=6,
    )


def parameters_of(sizes: Sequence[int], bias: bool = True) -> int:
    """How many parameters a network of Linear layers should have: n * m, and m for the bias."""
    return sum(n * m + m * bias for n, m in pairwise(sizes))


def counted(sizes: Sequence[int], bias: bool = True) -> int:
    """How many the layers in use do have: each is made, and its parameters are counted."""
    return sum(
        parameter.data.size
        for n, m in pairwise(sizes)
        for parameter in Linear(n, m, bias=bias).parameters()
    )


def answer(settings: Settings, progress: Progress) -> Answer:
    """Count the parameters of networks before and after they get wider."""
    n, h, m, factor = settings.inputs, settings.hidden, settings.outputs, settings.factor
    networks = [
        ("without biases", [n, None, m], False),
        ("one hidden layer", [n, None, m], True),
        *(
            (f"{layers} hidden layers", [n, *[None] * layers, m], True)
            for layers in range(2, settings.hidden_layers + 1)
        ),
    ]
    rows = []
    ratios = {}
    differences = []
    for step, (name, shape, bias) in enumerate(networks):
        progress(step / len(networks), name)
        narrow, wide = (
            [width if size is None else size for size in shape] for width in (h, factor * h)
        )
        found, grown = counted(narrow, bias), counted(wide, bias)
        expected = parameters_of(narrow, bias), parameters_of(wide, bias)
        differences += [a - b for a, b in zip((found, grown), expected, strict=True)]
        ratios[name] = grown / found if found else float("nan")
        rows.append(
            (name, "-".join(map(str, narrow)), count(found), count(grown), figures(ratios[name], 6))
        )
    ratio = ratios["one hidden layer"]
    wrong = (
        ""
        if not any(differences)
        else " The layers in use do not have n · m + m parameters each, as Linear(n, m) should."
    )
    per_unit = n + 1 + m
    constant = f"{m}, the biases of the output layer,"
    deepest = list(ratios)[-1]
    deep = (
        f"With {deepest} there are matrices between hidden layers, whose two sides both grow: "
        f"their share grows {factor**2}-fold, and the whole network {figures(ratios[deepest])} "
        "times here. The wider the hidden layers are beside inputs and outputs, the nearer the "
        f"ratio gets to {factor**2}."
        if settings.hidden_layers > 1
        else ""
    )
    before, after = parameters_of([n, h, m]), parameters_of([n, factor * h, m])
    return Answer(
        headline=(
            f"{figures(ratio, 6)} times as many: {count(counted([n, h, m]))} parameters become "
            f"{count(counted([n, factor * h, m]))}. Without biases it is "
            f"{figures(ratios['without biases'], 6)} times.{wrong}"
        ),
        truth=ratio,
        tables=(
            Table(
                ("network", "sizes", f"{h} units", f"{factor * h} units", "times"),
                tuple(rows),
            ),
        ),
        picture=_picture(settings, ratios, progress),
        why=(
            f"Each hidden unit brings {count(per_unit)} parameters: {count(n)} weights from the "
            f"inputs, its own bias, and {count(m)} weights to the outputs. That part is "
            f"proportional to the width. Only {constant} stay as many as they were, so the ratio "
            f"is a little less than {factor}; without biases nothing stays, and it is exactly "
            f"{factor}. {deep}"
        ).strip(),
        formulas=(
            "parameters = inputs · hidden + hidden + hidden · outputs + outputs",
            f"{n} · {h} + {h} + {h} · {m} + {m} = {count(before)}",
            f"{n} · {factor * h} + {factor * h} + {factor * h} · {m} + {m} = {count(after)}",
            f"{count(after)} / {count(before)} = {figures(after / before, 7)}",
        ),
        changes=(
            Change({"inputs": 10}, "with few inputs, deep networks grow much faster"),
            Change({"hidden": 2}, "with few hidden units, the biases that stay weigh more"),
            Change({"outputs": 10_000}, "with many outputs, many biases stay"),
        ),
        method="Counted in the parameters() of layers that were made for it.",
        values={
            "ratio": ratio,
            "ratios": ratios,
            "parameters": counted([n, h, m]),
            "parameters_wider": counted([n, factor * h, m]),
            "as_expected": not any(differences),
        },
    )


def _picture(settings: Settings, ratios: dict[str, float], progress: Progress) -> Picture:
    """The ratio against the width: theory for all widths, and what was counted at one."""
    n, h, m, factor = settings.inputs, settings.hidden, settings.outputs, settings.factor
    widths = [2**power for power in range(15)]
    series = []
    for layers in range(1, settings.hidden_layers + 1):
        name = "one hidden layer" if layers == 1 else f"{layers} hidden layers"
        by_formula = [
            parameters_of([n, *[factor * width] * layers, m])
            / parameters_of([n, *[width] * layers, m])
            for width in widths
        ]
        series.append(Series(name, [h], [ratios[name]], style="points"))
        series.append(
            Series("", widths, by_formula, style="dashes", like=name),
        )
    return Picture(
        f"Parameters when the hidden layers get {factor} times as wide",
        [
            Lines(
                "Dashes: by the formula. Points: counted.",
                Axis("hidden units before", log=True),
                Axis("times as many parameters after", text=plain),
                series,
                marks=[
                    Mark(factor, f"{factor} times"),
                    Mark(factor**2, f"{factor**2} times"),
                ],
            )
        ],
    )


EXPERIMENT = Experiment(Settings, guess, answer)
