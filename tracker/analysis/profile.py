"""The profile of one substance: what the lexicon says of it and what the archive has seen."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from tracker.analysis.official import Official
from tracker.analysis.timeline import read_timeline
from tracker.errors import UsageError

if TYPE_CHECKING:
    from tracker.archive import Archive


class Names(Protocol):
    """What is needed of a lexicon."""

    def find(self, name: str) -> Any: ...


def profile(
    archive: Archive, lexicon: Names, name: str, *, as_of: datetime, official: Official | None = None
) -> dict[str, Any]:
    """JSON data: identity and control from the lexicon, timeline from the archive. UsageError for an unknown name."""
    substance = lexicon.find(name)
    if substance is None:
        raise UsageError(f"{name!r} is not in the lexicon; `tracker search` finds it as a word")
    seen = read_timeline(archive, substance.name, as_of=as_of, official=official)
    return {**identity(substance), **seen}


def identity(substance: Any) -> dict[str, Any]:
    """What the lexicon knows of a substance, as JSON data; doubtful names are left out."""
    return {
        "name": substance.name,
        "class": substance.cls,
        "nps": substance.nps,
        "aliases": sorted({alias.text for alias in substance.aliases if not alias.doubt} - {substance.name}),
        "cas": substance.cas or None,
        "inchikey": substance.inchikey or None,
        "first_notified": substance.first_notified or None,
        "control": [
            {"country": c.country, "date": c.date or None, "status": c.status, "source": c.source}
            for c in substance.control
        ],
    }
