"""Numbers as people read them: few digits, a unit, and plain words for what is no number."""

from __future__ import annotations

import math
from collections.abc import Sequence

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def count(number: float) -> str:
    """A whole number with its thousands apart: `203,530`."""
    return f"{number:,.0f}" if math.isfinite(number) else figures(number)


def figures(number: float, digits: int = 3) -> str:
    """A number to so many significant digits: `0.0123`, `1.99`, `12,300`, `1.2 · 10⁻⁷`."""
    if math.isnan(number):
        return "not a number"
    if math.isinf(number):
        return "infinity" if number > 0 else "-infinity"
    if number == 0:
        return "0"
    exponent = math.floor(math.log10(abs(float(f"{number:.{digits - 1}e}"))))
    if not -4 <= exponent < digits + 3:
        mantissa = f"{number / 10.0**exponent:.{digits - 1}f}" if exponent > -308 else "0"
        return f"{mantissa} · 10{str(exponent).translate(_SUPERSCRIPTS)}"
    return f"{round(number, digits - 1 - exponent):,.{max(0, digits - 1 - exponent)}f}"


def plain(number: float) -> str:
    """A number on an axis: no digits that say nothing, and thousands as `k`, `M`, `G`, `T`."""
    if number == 0 or not math.isfinite(number):
        return "0" if number == 0 else figures(number)
    if abs(number) < 0.001 or abs(number) >= 1e15:
        exponent = math.floor(math.log10(abs(number)) + 1e-9)
        mantissa = f"{number / 10.0**exponent:.3g}"
        power = f"10{str(exponent).translate(_SUPERSCRIPTS)}"
        return power if mantissa == "1" else f"{mantissa} · {power}"
    for factor, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= factor * 0.9995:
            return f"{number / factor:.3g}{letter}"
    return f"{number:.3g}"


def power(number: float) -> str:
    """A number on an axis that spans many powers of ten: `10⁻⁸`."""
    if number <= 0 or not math.isfinite(number):
        return plain(number)
    exponent = math.log10(number)
    if abs(exponent - round(exponent)) > 0.005:
        return figures(number, 2)
    return f"10{str(round(exponent)).translate(_SUPERSCRIPTS)}"


def percent(share: float) -> str:
    """A share of 1 as a percentage: `12.3%`."""
    return f"{figures(100 * share)}%" if math.isfinite(share) else figures(share)


def seconds(time: float) -> str:
    """A time: `12.3 µs`, `1.05 s`, `2.5 min`."""
    if time >= 120:
        return f"{figures(time / 60)} min"
    return _scaled(time, ((1, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")))


def interval(low: float, high: float) -> str:
    """From one time to another, in the unit of the longer: `11.3-32.5 ms`."""
    longer = seconds(high)
    unit = longer.rpartition(" ")[2]
    factor = {"min": 60, "s": 1, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9}.get(unit)
    return f"{_three_digits(low / factor)}-{longer}" if factor else f"{seconds(low)} to {longer}"


def size(bytes_: float) -> str:
    """A size in memory, in powers of a thousand: `8.2 MB`, `350 GB`."""
    return _scaled(
        bytes_, ((1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1, "bytes"))
    )


def rate(per_second: float, unit: str) -> str:
    """So many per second, in powers of a thousand: `31.5 GFLOP/s`, `12.0 GB/s`."""
    scales = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1, ""))
    return _scaled(per_second, tuple((factor, f"{letter}{unit}/s") for factor, letter in scales))


def listed(names: Sequence[str]) -> str:
    """Names in a sentence: `tanh, sigmoid and GELU`."""
    *most, last = names or [""]
    return f"{', '.join(most)} and {last}" if most else last


def _scaled(number: float, scales: tuple[tuple[float, str], ...]) -> str:
    """The number in the largest of the units in which it is 1 or more."""
    if not math.isfinite(number):
        return figures(number)
    for factor, unit in scales:
        if abs(number) >= factor * 0.9995:
            return f"{_three_digits(number / factor)} {unit}"
    return f"{_three_digits(number / scales[-1][0])} {scales[-1][1]}"


def _three_digits(number: float) -> str:
    return f"{number:.3g}" if abs(number) < 999.5 else f"{number:,.0f}"
