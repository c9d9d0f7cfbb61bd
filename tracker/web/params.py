"""A search as it stands in an address: the contract's parameters in, the archive's arguments out, cursors both ways."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Query

from tracker.archive.filters import NO_FILTERS, Filters
from tracker.archive.search import SearchResult
from tracker.errors import UsageError

MOST = 200  # documents of one page
DEEPEST = 5000  # documents that relevance can be paged through; newest has no end
Sort = Literal["relevance", "newest"]

Many = Annotated[list[str], Query()]


@dataclass(frozen=True, slots=True)
class Asked:
    """One search. `before` and `offset` come from a cursor."""

    q: str = ""
    filters: Filters = NO_FILTERS
    as_of: datetime | None = None
    tags: Literal["then", "now"] = "then"
    everything: bool = False
    sort: Sort = "relevance"
    limit: int = 20
    before: tuple[str, int] | None = None
    offset: int = 0

    def arguments(self) -> dict[str, Any]:
        """What `Archive.search`, `found` and `export` share."""
        return {
            "query": self.q, "filters": self.filters, "as_of": self.as_of, "tags": self.tags,
            "everything": self.everything,
        }  # fmt: skip

    def pairs(self, *, paging: bool = False) -> list[tuple[str, str]]:
        """As the parameters of an address, defaults left out."""
        found: list[tuple[str, str]] = [("q", self.q)] if self.q else []
        for name, value in self.filters.as_dict().items():
            found += [(name, v) for v in value] if isinstance(value, list) else [(name, str(value))]
        if self.as_of:
            found.append(("as_of", self.as_of.strftime("%Y-%m-%dT%H:%M:%SZ")))
        if self.tags != "then":
            found.append(("tags", self.tags))
        if self.everything:
            found.append(("all", "true"))
        if self.sort != default_sort(self.q):
            found.append(("sort", self.sort))
        return found

    def address(self, **changes: str) -> str:
        """The parameters as text, with some more."""
        return urlencode([*self.pairs(), *changes.items()])

    def next_cursor(self, result: SearchResult) -> str | None:
        """Where the next page starts; None at the end. Pages stay the same while documents arrive."""
        if len(result.results) < self.limit or not result.results:
            return None
        last = result.results[-1].record
        if self.sort == "newest":
            return _pack("n", f"{last.first_seen:%Y-%m-%dT%H:%M:%SZ}", last.id, 0)
        offset = self.offset + self.limit
        if offset >= DEEPEST or (result.exact and self.before is None and offset >= result.total):
            return None
        seen, number = self.before or _just_above(result)
        return _pack("r", seen, number, offset)


def _just_above(result: SearchResult) -> tuple[str, int]:
    assert result.newest is not None  # there are results
    return result.newest[0], result.newest[1] + 1


def default_sort(q: str) -> Sort:
    """Best first where words were asked for, else newest first."""
    return "relevance" if q.strip() else "newest"


def asked(
    q: Annotated[str, Query(description='Words, "phrases", OR, -not, prefix*, (groups), field:value.')] = "",
    substance: Annotated[list[str], Query(description="By any of its names; several are alternatives.")] = [],  # noqa: B006
    theme: Many = [],  # noqa: B006
    cls: Annotated[list[str], Query(alias="class")] = [],  # noqa: B006
    tier: Annotated[list[str], Query(description="A, B or C.")] = [],  # noqa: B006
    country: Annotated[list[str], Query(description="ISO 3166-1 alpha-2.")] = [],  # noqa: B006
    source: Annotated[list[str], Query(description="Id of a source, or words of its name.")] = [],  # noqa: B006
    doctype: Many = [],  # noqa: B006
    since: Annotated[str, Query(description="Published on or after: 2026, 2026-11, 2026-11-24.")] = "",
    until: Annotated[str, Query(description="Published up to and including.")] = "",
    as_of: Annotated[str, Query(description="What was known at this moment.")] = "",
    tags: Annotated[str, Query(description="then or now: which tags, with as_of.")] = "then",
    all: Annotated[bool, Query(description="Also documents that were not kept as relevant.")] = False,
    sort: Annotated[str, Query(description="relevance or newest; default: relevance where q is given.")] = "",
    cursor: Annotated[str, Query(description="next_cursor of the page before.")] = "",
) -> Asked:
    """The search of a request; UsageError for a value that cannot be meant."""
    found = Asked(
        q=q.strip(),
        filters=Filters(
            substance=_given(substance), theme=_given(theme), cls=_given(cls), source=_given(source),
            tier=_given(tier), country=_given(country), doctype=_given(doctype), since=since.strip() or None,
            until=until.strip() or None,
        ),
        as_of=moment(as_of),
        tags=_one_of("tags", tags or "then", ("then", "now")),
        everything=all,
        sort=_one_of("sort", sort or default_sort(q), ("relevance", "newest")),
    )  # fmt: skip
    return with_cursor(found, cursor) if cursor else found


def _given(values: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(v.strip() for v in values if v.strip()))


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> Any:
    if value not in allowed:
        raise UsageError(f"{name}: {value!r} is none of {', '.join(allowed)}")
    return value


def moment(text: str) -> datetime | None:
    """`2026-11-24` (start of that day) or `2026-11-24T07:00:00Z`; None for nothing; UsageError for anything else."""
    text = text.strip()
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text.replace(" ", "+"))  # a plus sign in an address reads as a space
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(f"as_of: {text!r} is not a moment; write 2026-11-24 or 2026-11-24T07:00:00Z") from None
    if found.year < 1000:
        raise UsageError(f"as_of: {text!r} lies before anything was known")
    return found.replace(microsecond=0)


def with_cursor(found: Asked, cursor: str) -> Asked:
    """The search continued; UsageError for a cursor that no page gave."""
    kind, seen, number, offset = _unpack(cursor)
    if (kind == "n") != (found.sort == "newest"):
        raise UsageError("cursor: belongs to another sort order; start from the first page")
    return replace(found, before=(seen, number), offset=offset)


def _pack(kind: str, seen: str, number: int, offset: int) -> str:
    return base64.urlsafe_b64encode(f"{kind}~{seen}~{number}~{offset}".encode()).decode().rstrip("=")


def _unpack(cursor: str) -> tuple[str, str, int, int]:
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
        kind, seen, number, offset = raw.split("~")
        datetime.strptime(seen, "%Y-%m-%dT%H:%M:%SZ")
        found = kind, seen, int(number), int(offset)
    except (ValueError, binascii.Error):
        found = ("", "", 0, 0)
    if found[0] not in ("n", "r") or not 0 < found[2] < 2**53 or not 0 <= found[3] <= DEEPEST:
        raise UsageError("cursor: is not one of ours; take next_cursor of the page before")
    return found
