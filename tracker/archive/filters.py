"""Filters beside a query, as options of the command line and parameters of the API. Several values of one are
alternatives."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from tracker.archive.query import Dates, Or, dates, fact

if TYPE_CHECKING:
    from tracker.archive.query import Node

_BOUNDS = ("since", "until", "seen_after", "seen_before")


@dataclass(frozen=True, slots=True)
class Filters:
    """Values as typed; they are checked when used and a wrong one raises UsageError."""

    substance: tuple[str, ...] = ()
    theme: tuple[str, ...] = ()
    cls: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    tier: tuple[str, ...] = ()
    country: tuple[str, ...] = ()
    doctype: tuple[str, ...] = ()
    assertion: tuple[str, ...] = ()
    status: str | None = None
    since: str | None = None
    until: str | None = None
    seen_after: str | None = None
    seen_before: str | None = None

    def nodes(self) -> list[Node]:
        """As parts of a query."""
        found: list[Node] = []
        for f in fields(self):
            value = getattr(self, f.name)
            if not value:
                continue
            if f.name in _BOUNDS:
                found.append(dates(f.name, value))
            elif f.name == "status":
                found.append(Dates("status", fact("status", value).value))
            else:
                name = "class" if f.name == "cls" else f.name
                options = tuple(fact(name, v) for v in value)
                found.append(options[0] if len(options) == 1 else Or(options))
        return found

    def as_dict(self) -> dict[str, object]:
        """What was set, for manifests and links."""
        values = {("class" if f.name == "cls" else f.name): getattr(self, f.name) for f in fields(self)}
        return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items() if v}


NO_FILTERS = Filters()
