"""Small fitted models as plain numbers: features in, score out. Fitting them is no business of the running program."""

from __future__ import annotations

import base64
import json
import math
import re
import struct
import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from functools import cache
from operator import mul

from tracker.errors import LexiconError
from tracker.tag.lookup import DATA

_SCALE = 10_000  # weights are given to four digits
_PARTS = 1_000  # and values of features to three
_UNIT = 1 / (_SCALE * _PARTS)
_OFFSET = 1 << 26  # makes each whole number positive; a lane of 64 bits has room for 10^11 of them
_ROUNDED = _OFFSET + 0.5
_PREFIX = re.compile("[^:=]*[:=]")
_HUNDREDTHS = 100  # unit of the weights of a packed model


class PackedRows(Mapping[str, tuple[float, ...]]):
    """Rows of a large model in hundredths, 16 bits each, which are read at a start in a fraction of the time."""

    def __init__(self, names: list[str], numbers: array[int], width: int) -> None:
        self.names, self.numbers, self._width = names, numbers, width
        self._at: dict[str, int] = {}

    def __getitem__(self, name: str) -> tuple[float, ...]:
        if not self._at:
            self._at = {known: at for at, known in enumerate(self.names)}
        start = self._at[name] * self._width
        return tuple(n / _HUNDREDTHS for n in self.numbers[start : start + self._width])

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def scaled(self) -> list[int]:
        """All weights, row by row, as the whole numbers of a lane."""
        times = _SCALE // _HUNDREDTHS
        return [number * times + _OFFSET for number in self.numbers]


@dataclass(frozen=True, slots=True)
class Linear:
    """A linear model: one row of weights a feature, one column a label (one column alone: yes against no)."""

    labels: tuple[str, ...]
    bias: tuple[float, ...]
    weights: Mapping[str, tuple[float, ...]]
    _under: dict[str, dict[str, int]] = field(default_factory=dict, repr=False, compare=False)

    def scores(self, features: Mapping[str, float]) -> list[float]:
        """The raw score of each label; features that the model does not know count nothing."""
        if len(self.bias) == 1:
            weights, total = self.weights, self.bias[0]
            for name, value in features.items():
                if name in weights:
                    total += weights[name][0] * value
            return [total]
        return self.sum(features)

    def sum(self, features: Mapping[str, float]) -> list[float]:
        """Bias and weighted features, label by label."""
        known = [(self.weights[name], value) for name, value in features.items() if name in self.weights]
        if not known:
            return list(self.bias)
        rows, values = zip(*known, strict=True)
        return [sum(map(mul, column, values), b) for b, column in zip(self.bias, zip(*rows, strict=True), strict=True)]

    def total(self, measured: Mapping[str, float], present: Iterable[tuple[str, float, Set[str]]]) -> list[float]:
        """`sum` of the features `measured` and of those `present` (prefix of their names, a value for all, the rest of
        their names), quicker: all labels at once, in long integers. Values are not below 0 and count to a thousandth.
        """
        under, size = self._lanes(), len(self.bias)
        lanes = under.get("", {})
        total = weight = 0
        for name, value in measured.items():
            if name in lanes:
                times = int(value * _PARTS + 0.5)
                total += lanes[name] * times
                weight += times
        for prefix, value, names in present:
            lanes = under.get(prefix, {})
            found = list(filter(None, map(lanes.get, names)))  # no row is nought, thanks to the offset
            if found:
                times = int(value * _PARTS + 0.5)
                total += sum(found) * times
                weight += times * len(found)
        sums = struct.unpack(f"<{size}Q", total.to_bytes(8 * size, "little"))
        return [b + (lane - weight * _OFFSET) * _UNIT for b, lane in zip(self.bias, sums, strict=True)]

    def _lanes(self) -> Mapping[str, dict[str, int]]:
        """For each prefix of names (up to their first `:` or `=`; all of them for none) the rows by the rest of their
        names: the weights of a row lie side by side in one integer, as whole numbers."""
        under = self._under
        if not under:
            packed = self._packed()
            for name, lane in packed.items():
                if match := _PREFIX.match(name):
                    at = match.end()
                    under.setdefault(name[:at], {})[name[at:]] = lane
            under[""] = packed
        return under

    def _packed(self) -> dict[str, int]:
        if isinstance(self.weights, PackedRows):
            flat = self.weights.scaled()
        else:
            flat = [int(w * _SCALE + _ROUNDED) for row in self.weights.values() for w in row]
        if flat and not 0 <= min(flat) <= max(flat) < 2 * _OFFSET:
            raise LexiconError(f"a weight of a model is beyond {_OFFSET / _SCALE}; refit it")
        data, size = struct.pack(f"<{len(flat)}Q", *flat), 8 * len(self.bias)
        return {
            name: int.from_bytes(data[at : at + size], "little")
            for name, at in zip(self.weights, range(0, len(data), size), strict=True)
        }

    def best(self, features: Mapping[str, float]) -> str:
        """The label with the highest score; the first of equal ones."""
        scores = self.scores(features)
        return self.labels[scores.index(max(scores))]

    def chance(self, features: Mapping[str, float]) -> float:
        """The probability of yes, for a model with one column."""
        return logistic(self.scores(features)[0])


def logistic(x: float) -> float:
    """1 / (1 + e^-x), without overflow at either end."""
    if x >= 0:
        return 1 / (1 + math.exp(-min(x, 700)))
    e = math.exp(max(x, -700))
    return e / (1 + e)


def squash(count: int) -> float:
    """A count as a feature: 0, 1, 1.6, 2 …, so that long texts do not shout."""
    return math.log2(1 + count)


@cache
def model(name: str) -> Linear:
    """The shipped model `name`, checked when it is read."""
    path = DATA / f"{name}.json"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        labels, bias, weights = tuple(raw["labels"]), tuple(map(float, raw["bias"])), raw["weights"]
        if isinstance(weights, str):
            return Linear(labels, bias, _unpacked(raw["names"], weights, len(labels)))
        table = {str(k): tuple(map(float, v)) for k, v in weights.items()}
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise LexiconError(f"{name}.json: not a readable model ({e}); refit it with python -m training.facts") from e
    if any(len(row) != len(bias) for row in table.values()) or len(labels) != len(bias):
        raise LexiconError(
            f"{name}.json: a row of weights has not one number a label; refit it with python -m training.facts"
        )
    return Linear(labels, bias, table)


def _unpacked(names: str, weights: str, width: int) -> PackedRows:
    numbers = array("h", base64.b64decode(weights))
    if sys.byteorder == "big":
        numbers.byteswap()
    listed = names.split("\n") if names else []
    if len(numbers) != len(listed) * width:
        raise ValueError("not as many weights as names and labels ask for")
    return PackedRows(listed, numbers, width)


def dump_packed(labels: Iterable[str], bias: Iterable[float], weights: Mapping[str, Iterable[float]]) -> str:
    """A large model as the text that `model` reads: sorted, rounded to hundredths; rows of noughts are left out.

    Raises ValueError for a weight beyond 327 or a name of several lines.
    """
    rows = {name: [round(float(x) * _HUNDREDTHS) for x in row] for name, row in sorted(weights.items())}
    kept = {name: row for name, row in rows.items() if any(row)}
    if any("\n" in name for name in kept):
        raise ValueError("a feature of several lines cannot be listed one a line")
    try:
        numbers = array("h", [n for row in kept.values() for n in row])
    except OverflowError as e:
        raise ValueError(f"a weight is too large: {e}") from e
    if sys.byteorder == "big":
        numbers.byteswap()
    head = {"labels": list(labels), "bias": [round(float(x), 4) for x in bias]}
    body = {"names": "\n".join(kept), "weights": base64.b64encode(numbers.tobytes()).decode()}
    return json.dumps(head | body, ensure_ascii=False) + "\n"


def dump(
    labels: Iterable[str], bias: Iterable[float], weights: Mapping[str, Iterable[float]], *, digits: int = 4
) -> str:
    """The model as the text that `model` reads: sorted, four digits, one feature a line, so that diffs can be read."""
    lines = [
        f"  {json.dumps(name, ensure_ascii=False)}: {json.dumps([round(float(x), 4) for x in row])}"
        for name, row in sorted(weights.items())
    ]
    head = {"labels": list(labels), "bias": [round(float(x), 4) for x in bias]}
    return json.dumps(head, ensure_ascii=False)[:-1] + ', "weights": {\n' + ",\n".join(lines) + "\n}}\n"
