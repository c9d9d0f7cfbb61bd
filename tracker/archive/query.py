"""The query language: words, "phrases", OR, -not, prefix*, (groups), field:value. Text in, a tree out; no SQL here.

Nothing that is typed is a syntax error: an unclosed quote runs to the end, stray brackets are skipped, an unknown
field is two words. Only a value that cannot be meant (a date that is none, an unknown theme) is answered with one line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from tracker.archive.times import as_date
from tracker.errors import UsageError
from tracker.model import Assertion, DocType, Theme, Tier

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FACT_FIELDS = ("substance", "theme", "class", "source", "country", "tier", "assertion", "doctype", "status", "year")
DATE_FIELDS = {"after": "since", "since": "since", "before": "until", "until": "until", "seen-after": "seen_after",
               "seen-before": "seen_before"}  # fmt: skip
_ALLOWED: Mapping[str, tuple[str, ...]] = {
    "theme": get_args(Theme),
    "tier": get_args(Tier),
    "assertion": get_args(Assertion),
    "doctype": get_args(DocType),
    "status": ("ok", "corrected", "concern", "retracted", "notice"),
}
MAX_LENGTH = 2000  # characters; more is no question
MAX_DEPTH = 20

_TOKEN = re.compile(
    r'\s*(?:(?P<open>\()|(?P<close>\))|(?P<not>-)?(?:(?P<field>[A-Za-z-]+):)?(?:"(?P<phrase>[^"]*)(?:"|$)|(?P<word>[^\s()"]+)))'
)


@dataclass(frozen=True, slots=True)
class Words:
    """Adjacent words that must stand as given (a phrase, or one word); `prefix`: the last may go on."""

    text: str
    phrase: bool = False
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """A property of the document: one of FACT_FIELDS and its value, checked and in the archive's spelling."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Dates:
    """A bound that holds for the whole query: since, until (of `published`), seen_after, seen_before (of `first_seen`),
    and status (editorial)."""

    bound: str
    value: str


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Node


Node = Words | Fact | Dates | And | Or | Not
EVERYTHING = And(())


def parse(text: str, *, searches: Mapping[str, str] | None = None) -> Node:
    """The tree of a query; `search:NAME` stands for a saved search. Raises UsageError with one clear line."""
    return _Parser(searches or {}, ()).parse(text)


def fact(field: str, value: str) -> Fact:
    """A checked fact, as from an option such as --theme; raises UsageError that lists what is allowed."""
    value = " ".join(_storable(value).split())
    allowed = _ALLOWED.get(field)
    if allowed is not None:
        found = {a.lower(): a for a in allowed}.get(value.lower().replace(" ", "_").replace("-", "_"))
        if found is None:
            raise UsageError(f"{field}: {value!r} is none of {', '.join(allowed)}")
        return Fact(field, found)
    if field == "year" and not re.fullmatch(r"\d{4}", value):
        raise UsageError(f"year: {value!r} is not a year of four digits")
    return Fact(field, value)


def _storable(text: str) -> str:
    """The text without what no stored text can hold: halves of characters, as a terminal in another encoding sends."""
    return text.encode("utf-8", "replace").decode("utf-8")


def dates(bound: str, value: str) -> Dates:
    """A checked date bound, as from --since."""
    return Dates(bound, as_date(value, bound.replace("_", "-")))


class _Parser:
    def __init__(self, searches: Mapping[str, str], inside: tuple[str, ...]) -> None:
        self._searches, self._inside = searches, inside

    def parse(self, text: str) -> Node:
        text = _storable(text).replace("\x00", " ").replace("“", '"').replace("”", '"')
        if len(text) > MAX_LENGTH:
            raise UsageError(f"the query has {len(text)} characters; {MAX_LENGTH} are the limit")
        self._text, self._at = text, 0
        node = self._group(0)
        while self._at < len(self._text):  # a closing bracket too many: go on behind it
            before = self._at
            node = _and([node, self._group(0)])
            if self._at == before:
                break
        return node

    def _group(self, depth: int) -> Node:
        """Items up to a closing bracket or the end. OR joins its two neighbours, as in web search: `a OR b c` is
        (a OR b) and c."""
        items: list[Node] = []
        joined = negated = False
        while match := _TOKEN.match(self._text, self._at):
            self._at = match.end()
            if match["close"]:
                break
            plain = not (match["not"] or match["field"])
            if plain and match["word"] in ("OR", "|"):
                joined = bool(items)
                continue
            if plain and match["word"] in ("AND", "&", "NOT"):
                negated = negated or match["word"] == "NOT"
                continue
            node = self._nested(depth) if match["open"] else self._item(match)
            if node is None or node == EVERYTHING:
                continue
            node = Not(node) if negated or match["not"] else node
            items.append(_or([items.pop(), node]) if joined else node)
            joined = negated = False
        return _and(items)

    def _nested(self, depth: int) -> Node:
        if depth >= MAX_DEPTH:
            raise UsageError(f"the query has brackets more than {MAX_DEPTH} deep")
        before = self._text[: self._at - 1]
        node = self._group(depth + 1)
        return Not(node) if re.search(r"(?:^|[\s(])-$", before) and node != EVERYTHING else node

    def _item(self, match: re.Match[str]) -> Node | None:
        field, phrase, word = match["field"], match["phrase"], match["word"]
        value = phrase if word is None else word
        if field is not None:
            known = self._field(field.lower(), value)
            if known is not None:
                return known
            value = f"{field} {value}"
        prefix = word is not None and value.endswith("*")
        value = value.rstrip("*") if prefix else value
        if not re.search(r"[^\W_]", value):
            return None
        return Words(" ".join(value.split()), phrase=word is None, prefix=prefix)

    def _field(self, field: str, value: str) -> Node | None:
        value = value.strip().strip("*")
        if not value:
            return None
        if field in ("search", "saved"):
            return self._saved(value)
        if field in DATE_FIELDS:
            return dates(DATE_FIELDS[field], value)
        if field == "status":
            return Dates("status", fact(field, value).value)
        if field in FACT_FIELDS:
            options = [fact(field, v) for v in (value.split(",") if field != "substance" else [value]) if v.strip()]
            return _or(list(options)) if options else None
        return None

    def _saved(self, name: str) -> Node:
        if name in self._inside:
            raise UsageError(f"saved search {name!r} contains itself: {' → '.join((*self._inside, name))}")
        if name not in self._searches:
            known = ", ".join(sorted(self._searches)) or "none are set in tracker.yaml"
            raise UsageError(f"no saved search {name!r}; known: {known}")
        return _Parser(self._searches, (*self._inside, name)).parse(self._searches[name])


def _and(parts: list[Node]) -> Node:
    flat: list[Node] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, And) else [part])
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def _or(parts: list[Node]) -> Node:
    flat: list[Node] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, Or) else [part])
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def transform(node: Node, change: Callable[[Node], Node]) -> Node:
    """The tree with `change` applied to its leaves."""
    if isinstance(node, And):
        return And(tuple(transform(p, change) for p in node.parts))
    if isinstance(node, Or):
        return Or(tuple(transform(p, change) for p in node.parts))
    return Not(transform(node.part, change)) if isinstance(node, Not) else change(node)


def split_dates(node: Node) -> tuple[Node, tuple[Dates, ...]]:
    """The tree without its date bounds, and these. Bounds hold for the whole query, so they must stand at its top."""
    parts = node.parts if isinstance(node, And) else (node,)
    bounds = tuple(p for p in parts if isinstance(p, Dates))
    rest = tuple(p for p in parts if not isinstance(p, Dates))
    if any(_has_dates(p) for p in rest):
        raise UsageError(
            "after:, before:, seen-after:, seen-before: and status: hold for the whole query; not inside OR or after -"
        )
    return (rest[0] if len(rest) == 1 else And(rest)), bounds


def _has_dates(node: Node) -> bool:
    if isinstance(node, And | Or):
        return any(_has_dates(p) for p in node.parts)
    return _has_dates(node.part) if isinstance(node, Not) else isinstance(node, Dates)
