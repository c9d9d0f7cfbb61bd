"""Which themes a document has by its words and by its signs (concepts, names, classes).

What is counted is whether a gram occurs, weighted by how rare it is, over the length of the document's vector (TF-IDF).
The weights of a gram for all themes are small whole numbers that lie side by side in one long integer, so that adding
up a document is one sum of integers whatever the number of themes. Made by `python -m training.fit`.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from tracker.errors import LexiconError
from tracker.tag.concepts import DATA, THEMES, Concept, Vocabulary, fold, relative

if TYPE_CHECKING:
    from tracker.tag.theme_model import Row
    from tracker.tag.view import View

WORDS = DATA / "words.json"
BIAS = 128  # what is added to a weight to make it a byte
_LANES = len(THEMES) + 1  # the last holds the squared rarity
_LANE = 4  # bytes: room for millions of grams
_BYTES = _LANES * _LANE
_UNPACK = struct.Struct(f"<{_LANES}I").unpack


def word_grams(text: str) -> set[str]:
    """The words and numbers of a text, folded."""
    return set(fold(text).split())


def table_of(language: str | None) -> str:
    """Which table holds the words of a language: "" for English, else its code."""
    language = relative(language)
    return "" if language == "en" else language


def sign_grams(found: Iterable[Row], words: Vocabulary, view: View | None) -> set[str]:
    """What holds in every language: concepts (also: beside a drug's name), and the drugs and classes named."""
    keys = _keys(words)
    plain, beside = _meanings(found)
    out = {keys[m][0] for m in plain}
    out.update([key for m in beside for key in keys[m]])
    return out if view is None else out | _named(view)


def _meanings(found: Iterable[Row]) -> tuple[set[int], set[int]]:
    """Concepts that no sentence with a drug's name holds, and those that one does."""
    plain, beside = set[int](), set[int]()
    for row in found:
        (beside if row.flags[0] else plain).update(row.concepts)
    return plain - beside, beside


def _named(view: View) -> set[str]:
    """The drugs and classes named."""
    out = set()
    for hit in view.hits:
        if hit.reported:
            out.add("name=" + hit.name)
            out.add("class=" + hit.cls)
    for mention in view.class_mentions:
        out.add("class=" + mention.cls)
        out.add("word=" + mention.cls)
    return out


@cache
def _keys(words: Vocabulary) -> tuple[tuple[str, str], ...]:
    """For each meaning the grams it stands for: in any sentence, and in one that names a drug."""
    return tuple(("c=" + m.key, "d=" + m.key) if isinstance(m, Concept) else ("", "") for m in words.meanings)


@dataclass(frozen=True, slots=True)
class Lexical:
    """The weights: gram -> its lanes, and how a sum becomes log odds."""

    lanes: Mapping[str, Mapping[str, int]]  # table -> gram -> weights; signs are in the table ""
    scale: float
    bias: tuple[float, ...]  # in the order of THEMES
    rarity: float  # unit of the squared rarities
    _concepts: dict[int, list[tuple[int, int]]] = field(default_factory=dict, repr=False, compare=False)

    def scores(self, found: Iterable[str], language: str | None = None) -> list[float]:
        """Log odds of each theme."""
        lanes = self.lanes.get(table_of(language), {})
        return self._odds([lane for lane in map(lanes.get, found) if lane is not None])

    def sign_scores(self, found: Iterable[Row], words: Vocabulary, view: View | None) -> list[float]:
        """Log odds of each theme by `sign_grams`, with the concepts looked up by number."""
        plain, beside = _meanings(found)
        concepts = self._concepts.get(id(words))
        if concepts is None:
            lanes = self.lanes.get("", {})
            concepts = self._concepts[id(words)] = [(lanes.get(c, 0), lanes.get(d, 0)) for c, d in _keys(words)]
        known = [lane for m in plain if (lane := concepts[m][0])]
        known += [lane for m in beside for lane in concepts[m] if lane]
        if view is not None:
            known += [lane for lane in map(self.lanes.get("", {}).get, _named(view)) if lane is not None]
        return self._odds(known)

    def _odds(self, known: list[int]) -> list[float]:
        if not known:
            return list(self.bias)
        sums = _UNPACK(sum(known).to_bytes(_BYTES, "little"))
        offset = BIAS * len(known)
        unit = self.scale / (max(1, sums[-1]) * self.rarity) ** 0.5
        return [bias + (total - offset) * unit for bias, total in zip(self.bias, sums, strict=False)]


@cache
def lexical() -> tuple[Lexical, Lexical]:
    """The shipped weights of words and of signs. Raises LexiconError when the file is damaged or of other themes."""
    try:
        raw = json.loads(WORDS.read_text("utf-8"))
        return built(raw["words"]), built(raw["signs"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LexiconError(f"{WORDS} is missing or damaged ({error!r}); run `python -m training.fit`") from error


def built(raw: Mapping[str, object]) -> Lexical:
    """The weights of the JSON object that `packed` makes."""
    if raw["themes"] != list(THEMES):
        raise ValueError("fitted for other themes")
    names: str = raw["grams"]  # type: ignore[assignment]
    weights = base64.b64decode(str(raw["weights"]))
    listed = names.split("\n") if names else []
    if len(weights) != len(listed) * _LANES:
        raise ValueError("as many weights as grams are needed")
    spread = bytearray(_BYTES)
    lanes: dict[str, dict[str, int]] = {}
    for at, name in enumerate(listed):
        spread[::_LANE] = weights[at * _LANES : (at + 1) * _LANES]
        prefix, _, word = name.rpartition("\t")
        lanes.setdefault(prefix, {})[word] = int.from_bytes(spread, "little")
    bias: list[float] = raw["bias"]  # type: ignore[assignment]
    return Lexical(lanes, float(str(raw["scale"])), tuple(bias), float(str(raw["rarity"])))


def packed(table: Mapping[str, bytes], scale: float, bias: Iterable[float], rarity: float) -> dict[str, object]:
    """The weights as one JSON object: each gram has a byte a theme (weight in units of `scale`, plus BIAS) and a byte
    of squared rarity in units of `rarity`."""
    return {
        "themes": list(THEMES),
        "scale": scale,
        "bias": list(bias),
        "rarity": rarity,
        "grams": "\n".join(table),
        "weights": base64.b64encode(b"".join(table.values())).decode(),
    }
