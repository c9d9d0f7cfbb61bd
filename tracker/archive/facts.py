"""Facts of a document as words of the search index, so that filters and facets cost as little as words.

zk current and kept · zu current, not kept · zo an older revision · sN substance (and sNn, sNh where not affirmed) ·
pN primary substance · cN class · tN theme (tNn, tNh) · gGB country · rN source · lA tier · y2024 year of
publication (yn: undated) · q202611 month first seen · dN document type · ea en eh any affirmed, negated,
hypothetical substance. N is the number of the term or source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from tracker.model import DocType

if TYPE_CHECKING:
    from collections.abc import Iterable

Found = tuple[str, int, str | None, bool]  # kind of term, its number, assertion, whether primary
FACETS = {"s": "substance", "c": "class", "t": "theme", "r": "source", "g": "country", "y": "year"}


_DOCTYPES: tuple[str, ...] = get_args(DocType)


def doctype_word(doctype: str) -> str:
    """The word of a document type."""
    return f"d{_DOCTYPES.index(doctype)}"


def words(
    *,
    current: bool,
    kept: bool,
    source: int,
    tier: str | None,
    published: str | None,
    first_seen: str,
    doctype: str | None,
    countries: Iterable[str],
    terms: Iterable[Found],
) -> str:
    """The line of words; `terms` are those of one tag set."""
    line = [("zk" if kept else "zu") if current else "zo"]
    any_assertion = set()
    for kind, number, assertion, primary in terms:
        letter = kind[0]  # substance, class, theme
        line.append(f"{letter}{number}")
        if assertion and assertion != "affirmed":
            line.append(f"{letter}{number}{assertion[0]}")
        if primary:
            line.append(f"p{number}")
        if assertion and kind == "substance":
            any_assertion.add(f"e{assertion[0]}")
    line += sorted(any_assertion)
    line += [f"g{country.lower()}" for country in countries]
    line.append(f"r{source}")
    if tier:
        line.append(f"l{tier.lower()}")
    if doctype:
        line.append(doctype_word(doctype))
    line.append(f"y{published[:4]}" if published else "yn")
    line.append(f"q{first_seen[:4]}{first_seen[5:7]}")
    return " ".join(line)
