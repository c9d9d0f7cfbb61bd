"""What two documents are compared by, and when they are copies or tell of one event. Pure.

Copies: MinHash (Broder 1997) over three-word shingles of the text, banded for lookup, checked on the exact shingles.
A template filled in for another place or day is no copy: names must agree, and long apart also the figures.
Events: the same subject within days, in places that do not differ, and shared names and figures.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from hashlib import blake2b
from operator import eq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PERMUTATIONS, BANDS = 48, 16
ROWS = PERMUTATIONS // BANDS
SEED = 20260101  # part of the stored format: sketches made with another seed cannot be compared
SHINGLE = 3
READ = 20_000  # characters compared: full texts of theses cost no more than news
COPY_CONTAINMENT = 0.62  # of the shorter text's shingles found in the longer
COPY_MAYBE = 0.40  # estimated from the sketch; above it the texts are read
COPY_NAMES = 0.75  # of the names of the one with fewer
COPY_SURE = 0.90  # estimated similarity from which the texts need not be read: four errors above what a copy needs
SHORT = 8  # distinct shingles; below it only equal texts are copies
EVENT_DAYS = 10
EVENT_OVERLAP = 0.5
EVENT_NAMES, EVENT_SHARED = 1, 2  # shared names, and names and figures together
UNDATED_OVERLAP, UNDATED_SHARED = 0.7, 5  # where a day is only a guess: a first collect sees all undated items at once
TOKENS_KEPT = 24
_INT32 = struct.Struct(">i")
_MINHASH = struct.Struct(f"<{PERMUTATIONS}H")
KEY_TOKENS = 10
WEEK = 7

_WORD = re.compile(r"[^\W_]+")
_SENTENCE_START = re.compile(r"(?:^|[.!?:;\n•–—\"“”„»«(]\s*)$")
_NAME = re.compile(  # a word that does not begin with a small letter, nor stands behind a hyphen
    r"(?=[^\W\d_a-zß-öø-ÿа-я])(?<![^\W\d_])(?<![^\W\d_]{3}-)[^\W\d_]{3,}(?:-[^\W\d_]+)*"
)
_NUMBER = re.compile(r"(?=\d)(?:(?<![\w.,])\d{1,3}(?:[.,  ]\d{3})+(?![\w])|(?<![\w])\d+(?:[.,]\d+)?)")
_SEPARATOR = re.compile(r"[.,  ](?=\d{3}\b)")
_YEAR = re.compile(r"(?:19|20)\d\d")
_NUMBER_WORDS = {
    word: str(value)
    for value, words in {
        2: "two zwei deux dos due dwa två to twee", 3: "three drei trois tres tre drie trzy",
        4: "four vier quatre cuatro "
        "quattro fyra fire cztery",
        5: "five fünf cinq cinco cinque fem vijf pięć", 6: "six sechs seis sei sex seks zes",
        7: "seven sieben sept siete sette sju syv zeven", 8: "eight acht huit ocho otto åtta otte",
        9: "nine neun neuf nueve "
        "nove nio ni negen", 10: "ten zehn dix diez dieci tio ti tien", 11: "eleven elf onze once undici elva elleve",
        12: "twelve zwölf douze doce dodici tolv twaalf",
    }.items()
    for word in words.split()
}  # fmt: skip
_NO_NAMES = frozenset(
    "january february march april may june july august september october november december monday tuesday wednesday "
    "thursday friday saturday sunday januar februar märz mai juni juli oktober dezember montag dienstag "
    "mittwoch donnerstag "
    "freitag samstag sonntag janvier février mars avril juin juillet août septembre octobre novembre décembre enero "
    "febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre the this that these "
    "those and but "
    "for with from after officers police health public drug drugs people reuters ddp afp dpa".split()
)


@dataclass(frozen=True, slots=True)
class Sketch:
    """One document, for comparing. `names` and `numbers` are what makes an event this one; `day` counts from 1970."""

    minhash: bytes
    size: int
    day: int
    subjects: frozenset[str]
    places: frozenset[str]
    names: frozenset[str]
    numbers: frozenset[str]
    dated: bool = True  # False: `day` is only when it was first seen

    def lookup_keys(self) -> list[int]:
        """Lookup keys: bands of the MinHash, and subject with name and week."""
        return [*self.bands(), *self.event_keys()]

    def event_keys_in(self, weeks: Iterable[int]) -> list[int]:
        """Keys under which its event may stand in the weeks before and after."""
        return [k for shift in weeks for k in self.event_keys(shift)]

    def bands(self) -> list[int]:
        width = ROWS * 2
        if self.size < SHORT:
            return [_key(b"short", self.minhash)]
        return [_key(bytes([band]), self.minhash[band * width : (band + 1) * width]) for band in range(BANDS)]

    def event_keys(self, shift: int = 0) -> list[int]:
        """Keys of the week `shift` weeks from its own."""
        week = self.day // WEEK + shift
        return [_key(b"event", f"{s}|{t}|{week}".encode()) for s in sorted(self.subjects) for t in self._tokens()]

    def _tokens(self) -> list[str]:
        return sorted(self.names, key=lambda n: (-len(n), n))[:KEY_TOKENS] if self.subjects else []


def _key(kind: bytes, what: bytes) -> int:
    return _INT32.unpack(blake2b(kind + b"\0" + what, digest_size=4).digest())[0]  # type: ignore[no-any-return]


def make_sketch(
    title: str | None,
    text: str | None,
    *,
    day: int,
    dated: bool = True,
    subjects: Iterable[str],
    places: Iterable[str],
) -> Sketch:
    """The sketch of one document; `subjects` are primary substances (or classes), `places` country codes."""
    body = (text or title or "")[:READ]
    words = _WORD.findall(body.lower())
    pieces = _runs(words)
    whole = f"{title or ''}\n{body}"
    subjects = frozenset(subjects)
    numbers = _numbers(whole, {*words, *_WORD.findall((title or "").lower())})
    return Sketch(
        _minhash(pieces), len(pieces), day, subjects, frozenset(places), _names(whole, subjects), numbers, dated
    )


def shingles(text: str) -> set[str]:
    """Distinct runs of three words; a text of fewer words is one run."""
    return _runs(_WORD.findall(text.lower()))


def _runs(words: Sequence[str]) -> set[str]:
    if len(words) <= SHINGLE:
        return {" ".join(words)} if words else set()
    return set(map(" ".join, zip(*(words[i:] for i in range(SHINGLE)), strict=False)))


def _minhash(pieces: set[str]) -> bytes:
    if len(pieces) < SHORT:
        return blake2b("\n".join(sorted(pieces)).encode(), digest_size=PERMUTATIONS * 2 // 4).digest() * 4
    sketch = _rensa()(PERMUTATIONS, SEED)
    sketch.update(list(pieces))
    return _MINHASH.pack(*(value & 0xFFFF for value in sketch.digest()))


@lru_cache(maxsize=1)
def _rensa():  # type: ignore[no-untyped-def]
    from rensa import RMinHash

    return RMinHash


def _names(text: str, subjects: frozenset[str]) -> frozenset[str]:
    """Words written with a capital inside a sentence, lower case; not substances, months and the like."""
    parts = subjects.union(word for subject in subjects for word in _WORD.findall(subject))
    found: dict[str, None] = {}
    for match in _NAME.finditer(text):
        word = match[0]
        if not word[0].isupper() or _SENTENCE_START.search(text, max(0, match.start() - 3), match.start()):
            continue
        low = word.lower()
        if low not in _NO_NAMES and low not in parts:
            found[low] = None
    return frozenset(sorted(found)[:TOKENS_KEPT] if len(found) > TOKENS_KEPT else found)


def _numbers(text: str, words: set[str]) -> frozenset[str]:
    """Figures of a text, digits or words (those of `words`), without years and separators."""
    found = {n if n.isdigit() else _SEPARATOR.sub("", n).replace(",", ".") for n in _NUMBER.findall(text)}
    found |= {_NUMBER_WORDS[w] for w in words & _NUMBER_WORDS.keys()}
    kept = {n for n in found if n not in ("0", "1") and not _YEAR.fullmatch(n)}
    return frozenset(sorted(kept)[:TOKENS_KEPT])


# --- deciding ---


def jaccard(a: Sketch, b: Sketch) -> float:
    """Estimated similarity of the shingle sets; standard error 0.07 at one half."""
    if a.minhash == b.minhash:
        return 1.0
    return float(sum(map(eq, _values(a.minhash), _values(b.minhash))) / PERMUTATIONS)


@lru_cache(maxsize=1024)
def _values(minhash: bytes) -> tuple[int, ...]:
    return _MINHASH.unpack(minhash)


def may_be_copy(a: Sketch, b: Sketch) -> bool:
    """Worth reading both texts."""
    if min(a.size, b.size) < SHORT:
        return a.minhash == b.minhash and a.size > 0
    return _same_wording(a, b) and not _other_occasion(a, b)


def _same_wording(a: Sketch, b: Sketch) -> bool:
    """Estimated share of the shorter text that stands in the longer, from the similarity of the sets."""
    similarity = jaccard(a, b)
    return similarity * (a.size + b.size) >= COPY_MAYBE * (1 + similarity) * min(a.size, b.size) > 0


def copy_of(a: Sketch, b: Sketch, text_a: str, text_b: str) -> str | None:
    """Why two texts are copies of one another, None where they are not."""
    if not may_be_copy(a, b):
        return None
    if why := surely_copy(a, b):
        return why
    left, right = _pieces(text_a[:READ]), shingles(text_b[:READ])
    small = min(len(left), len(right))
    share = len(left & right) / small if small else 0.0
    return f"{share:.0%} of the shorter text stand in the other" if share >= COPY_CONTAINMENT else None


_pieces = lru_cache(maxsize=2)(shingles)  # one text is compared with many in a row


def surely_copy(a: Sketch, b: Sketch) -> str | None:
    """Why two that may be copies are, from the sketches alone; None where the texts must be read."""
    if min(a.size, b.size) < SHORT or (similarity := jaccard(a, b)) < COPY_SURE:
        return None
    share = min(1.0, similarity * (a.size + b.size) / (1 + similarity) / min(a.size, b.size))
    return f"about {share:.0%} of the shorter text stand in the other"


def _other_occasion(a: Sketch, b: Sketch) -> bool:
    """The same words told of another place or day: a template filled in again."""
    if a.subjects and b.subjects and not a.subjects & b.subjects:
        return True
    if _share(a.names, b.names) < COPY_NAMES:
        return True
    return abs(a.day - b.day) > EVENT_DAYS and _share(a.numbers, b.numbers) < COPY_NAMES


def _share(a: frozenset[str], b: frozenset[str]) -> float:
    """Overlap over the smaller set; 1 where either is empty and says nothing."""
    return len(a & b) / min(len(a), len(b)) if a and b else 1.0


def event_of(a: Sketch, b: Sketch) -> str | None:
    """Why two documents tell of one event, None where they may not."""
    subjects = a.subjects & b.subjects
    if not subjects or abs(a.day - b.day) > EVENT_DAYS or (a.places and b.places and not a.places & b.places):
        return None
    if min(a.size, b.size) >= SHORT and _same_wording(a, b) and _other_occasion(a, b):
        return None
    names, numbers = a.names & b.names, a.numbers & b.numbers
    shared = len(names) + len(numbers)
    if len(names) < EVENT_NAMES or shared < EVENT_SHARED:
        return None
    overlap = shared / min(len(a.names) + len(a.numbers), len(b.names) + len(b.numbers))
    sure = a.dated and b.dated
    if overlap < (EVENT_OVERLAP if sure else UNDATED_OVERLAP) or shared < (EVENT_SHARED if sure else UNDATED_SHARED):
        return None
    what = [*sorted(names)[:4], *sorted(numbers)[:3]]
    return f"{', '.join(sorted(subjects))}, {abs(a.day - b.day)} days apart, both with {', '.join(what)}"


def is_dated(published: str | None) -> bool:
    """Whether a claimed date names a day."""
    return published is not None and len(published) >= 10


def day_of(published: str | None, first_seen: str) -> int:
    """Day that a document speaks from: of publication where it is known to the day, else when it was first seen."""
    text = published if published and is_dated(published) else first_seen
    try:
        return date.fromisoformat(text[:10]).toordinal() - date(1970, 1, 1).toordinal()
    except ValueError:
        return date.fromisoformat(first_seen[:10]).toordinal() - date(1970, 1, 1).toordinal()
