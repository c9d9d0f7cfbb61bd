"""Corrections and retractions: what a record's types and links to other records say about its standing.

PubMed and Europe PMC flag the same thing in two places, and often in one of them only: a corrected article keeps the
type "Journal Article" and has just a link "ErratumIn"; a notice may have just the type "Published Erratum".
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from tracker.model import EditorialStatus

_NOTICE_TYPES = {
    "publishederratum", "erratum", "corrigendum", "correction", "retractionofpublication", "retractionnotice",
    "expressionofconcern", "withdrawalnotice",
}  # fmt: skip
_RETRACTED_TYPES = {"retractedpublication", "retractedarticle"}
ABOUT = frozenset({"erratumfor", "retractionof", "expressionofconcernfor", "partialretractionof"})
"""Links (words run together, lower case) from a notice to the record that it is about."""
OF_NOTICES = frozenset(
    {"erratumin", "retractionin", "retractedandrepublishedin", "expressionofconcernin", "partialretractionin",
     "correctedandrepublishedin", "updatein"}
)  # fmt: skip
"""Links from a record to the notices about it."""
_CORRECTED = frozenset({"erratumin", "correctedandrepublishedin", "partialretractionin"})
_TITLE = re.compile(r"\s*(?:\[?\s*)(?:retracted|withdrawn|retracted article|withdrawn article)\s*(?:\]|:|\.\s)", re.I)


@lru_cache(maxsize=1024)
def key(words: str) -> str:
    """Return `words` as compared here: "Erratum in", "ErratumIn" and "erratum-in" are one."""
    return re.sub(r"[^a-z]", "", words.lower())


def status_of(types: Collection[str], links: Collection[str], title: str | None = None) -> EditorialStatus:
    """Return a record's standing from its publication types, its links to others and its title's prefix."""
    kinds = {key(t) for t in types}
    refs = {key(link) for link in links}
    if kinds & _RETRACTED_TYPES or refs & {"retractionin", "retractedandrepublishedin"}:
        return "retracted"
    if kinds & _NOTICE_TYPES or refs & ABOUT:
        return "notice"
    if title and _TITLE.match(title):
        return "retracted"
    if "expressionofconcernin" in refs:
        return "concern"
    return "corrected" if refs & _CORRECTED else "ok"
