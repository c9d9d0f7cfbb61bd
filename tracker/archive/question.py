"""One question to an archive, as search, export and the list of all hits take it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from tracker.archive.times import stamp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tracker.archive.filters import Filters
    from tracker.archive.lookup import Names
    from tracker.archive.read import TagMode
    from tracker.archive.search import Asked


class How(TypedDict, total=False):
    """What may stand beside a query."""

    filters: Filters | None
    lexicon: Names | None
    searches: Mapping[str, str] | None
    as_of: datetime | None
    tags: TagMode
    everything: bool


@dataclass(frozen=True, slots=True)
class Question:
    """A query in the language of `query.py`; the empty one is everything."""

    query: str = ""
    filters: Filters | None = None  # the options beside it
    lexicon: Names | None = None  # finds substances by their aliases
    searches: Mapping[str, str] | None = None  # saved ones, for `search:NAME`
    as_of: datetime | None = None  # what was known at this moment; None: now
    tags: TagMode = "then"
    everything: bool = False  # also what was not kept

    def asked(self, **page: Any) -> Asked:
        """Resolved, with `sort`, `limit`, `offset`, `before`; UsageError with one clear line for a value that cannot be
        meant."""
        from tracker.archive.query import parse
        from tracker.archive.search import make_asked

        return make_asked(
            parse(self.query, searches=self.searches), self.filters.nodes() if self.filters else [],
            as_of=self.moment, tags=self.tags, everything=self.everything, **page,
        )  # fmt: skip

    @property
    def moment(self) -> str | None:
        """`as_of` as the archive writes it."""
        return stamp(self.as_of) if self.as_of is not None else None

    def said(self) -> dict[str, Any]:
        """What was asked, for a manifest."""
        return {
            "query": self.query, "filters": self.filters.as_dict() if self.filters else {}, "as_of": self.moment,
            "tags": self.tags, "everything": self.everything,
        }  # fmt: skip
