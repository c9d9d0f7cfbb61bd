"""Atom as two APIs answer with it (GOV.UK, arXiv): entries as plain dictionaries of their first child texts.

Not a feed reader: feeds in the wild go through the kind `feed`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tracker.errors import ParseError
from tracker.model import Payload, Source
from tracker.sources._api import CUT, elements, refuse_entities, root_name
from tracker.sources._base import refuse_html

ATOM = "{http://www.w3.org/2005/Atom}"


@dataclass
class Entry:
    """One entry: texts by local name (the first of each), its authors and its links by relation."""

    texts: dict[str, str] = field(default_factory=dict)
    authors: list[str] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    categories: list[str] = field(default_factory=list)


@dataclass
class Feed:
    """The entries before the end or the cut, and the feed's own texts (only those before its first entry)."""

    entries: list[Entry] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    complete: bool = True
    problem: str | None = None


def read_atom(source: Source, payload: Payload) -> Feed:
    """Return the entries of an Atom answer; ParseError for what is none."""
    from lxml import etree

    refuse_html(source, payload, "Atom")
    refuse_entities(source, payload.body)
    if root_name(payload.body) != "feed":
        raise ParseError(f"{source.id}: an Atom feed was due, found {payload.body[:40]!r}")
    feed = Feed()
    counts = tuple(f"{{http://a9.com/-/spec/opensearch/1.1/}}{name}" for name in ("totalResults", "startIndex"))
    try:
        for element in elements([payload.body], (f"{ATOM}entry", *counts)):
            if element.tag in counts:
                feed.texts[element.tag.rsplit("}", 1)[-1]] = (element.text or "").strip()
            else:
                feed.entries.append(_entry(element))
    except etree.XMLSyntaxError as cause:
        feed.complete, feed.problem = False, f"{CUT}: {cause}"
    return feed


def _entry(element: Any) -> Entry:
    entry = Entry()
    for child, name in _named(element):
        if name == "author":
            entry.authors += [_text(part) for part, inner in _named(child) if inner == "name"]
        elif name == "link":
            entry.links.setdefault(child.get("rel", "alternate"), child.get("href", ""))
        elif name == "category":
            entry.categories.append(child.get("term", ""))
        elif child.get("type") == "xhtml":
            entry.texts.setdefault(name, _markup(child))
        else:
            entry.texts.setdefault(name, _text(child))
    return entry


def _named(element: Any) -> Iterator[tuple[Any, str]]:
    for child in element:
        if isinstance(child.tag, str):
            yield child, child.tag.rsplit("}", 1)[-1]


def _text(element: Any) -> str:
    return "".join(element.itertext()).strip()


def _markup(element: Any) -> str:
    from lxml import etree

    return "".join(etree.tostring(part, encoding="unicode") for part in element)
