"""What stands beside the name of a place: words of supply, of medicine, of the past, of research, of the wide world, of
deeds of police, courts and hospitals, or of a first time; and whether the place is one where or from where.

The words stand in `data/facts/place_cues.csv`. They tell "made in China", "prescribed in Japan" or "as in Europe and
the US" from "died in Leeds"; what each weighs is fitted elsewhere.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence

from tracker.tag.lookup import Found, SharedTable, cells, checked, shared

MARKS = ("supply", "medical", "past", "science", "world", "deed", "first")
_NEAR = 50  # characters between the start of a place and a word that bears on it
_NAME = 8  # and about as many that the place itself takes
_READ = 3  # mentions of one country that are looked at: the first ones say what it is named for
_WHERE = frozenset(
    """in im en à au aux i på w we ve v в во across throughout inside around em no na nel nella within tout toute
    dans""".split()
)
_FROM = frozenset("from aus von des du från fra z ze из dalla dall dal desde van uit od с со".split())
_ARTICLES = frozenset("the der die das den dem la le les el los las il lo gli l de het een a an".split())


@shared
def _words() -> SharedTable[tuple[str, ...]]:
    marks: dict[str, list[str]] = defaultdict(list)
    for mark, word in cells("place_cues.csv", ("mark", "word")):
        marks[word].append(checked("place_cues.csv", word, "mark", mark, MARKS))
    return SharedTable((word, tuple(of)) for word, of in marks.items())


class Surroundings:
    """The words of one text that bear on places near them."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._spots: list[Found[tuple[str, ...]]] = sorted(_words().all(text), key=lambda spot: spot[0])
        self._starts = [spot[0] for spot in self._spots]

    def of(self, places: Sequence[int]) -> dict[str, float]:
        """Each mark with the share of the first mentions that have it, given where the mentions start."""
        read = places[:_READ]
        counts: dict[str, int] = defaultdict(int)
        for at in read:
            for mark in self._beside(at):
                counts[mark] += 1
        return {mark: times / len(read) for mark, times in counts.items()}

    def _beside(self, at: int) -> set[str]:
        text = self._text
        out = set()
        before = text[max(0, at - 16) : at].lower().split()
        if len(before) > 1 and before[-1] in _ARTICLES:
            before.pop()
        if before and before[-1] in _WHERE:
            out.add("in")
        elif before and before[-1] in _FROM:
            out.add("from")
        low, high = bisect_left(self._starts, at - _NEAR), bisect_left(self._starts, at + _NAME + _NEAR)
        for start, end, marks in self._spots[low:high]:
            between = text[end:at] if end <= at else text[at + _NAME : start]
            if "\n" not in between and ". " not in between:
                out.update(marks)
        return out
