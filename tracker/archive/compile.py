"""A query tree as an expression of the search index, or as SQL conditions on what was known at a moment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, get_args

from tracker.archive.lookup import NEVER, Lookup, country, spellings, tokens
from tracker.archive.query import EVERYTHING, And, Fact, Node, Not, Or, Words
from tracker.model import DocType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tracker.archive.query import Dates

# Question words say nothing of the matter; they are left out where others remain.
STOP_WORDS = frozenset(
    "a an and are as at be been by did do does for from had has have how in into is it its of on or that the "
    "their there "
    "these they this to was were what when where which who why will with der die das und de la le les el los en di per "
    "il lo van het een och".split()
)
ANY_ROW = ("zk", "zu", "zo")  # one of these stands in every row of the index
ALIAS_WORDS = 5  # a name of a substance has at most so many words


@dataclass(frozen=True, slots=True)
class Sought:
    """One thing that a hit may contain, for ranking and marking: spellings and fact words."""

    literals: tuple[str, ...]
    facts: tuple[str, ...]
    part: int = 0  # which part of the question it belongs to; alternatives share one


def refine(node: Node, lookup: Lookup) -> Node:
    """The tree with names of several words joined, question words dropped, assertions tied to what they are about."""
    node = _map_sequences(node, lambda parts: _joined(_without_stop_words(parts), lookup))
    return _pair_assertions(node)


def _map_sequences(node: Node, change: Any) -> Node:
    if isinstance(node, And):
        parts = change([_map_sequences(p, change) for p in node.parts])
        return parts[0] if len(parts) == 1 else And(tuple(parts))
    if isinstance(node, Or):
        return Or(tuple(_map_sequences(p, change) for p in node.parts))
    return Not(_map_sequences(node.part, change)) if isinstance(node, Not) else node


def _is_plain(node: Node) -> bool:
    return isinstance(node, Words) and not node.phrase and not node.prefix


def _without_stop_words(parts: list[Node]) -> list[Node]:
    kept = [p for p in parts if not (_is_plain(p) and p.text.lower() in STOP_WORDS)]  # type: ignore[union-attr]
    return kept if any(isinstance(p, Words) for p in kept) or len(kept) == len(parts) else parts


def _joined(parts: list[Node], lookup: Lookup) -> list[Node]:
    """Adjacent plain words that are one name become one: `25I NBOMe`, `designer benzodiazepines`, `New Zealand`."""
    found: list[Node] = []
    at = 0
    while at < len(parts):
        run = at
        while run < len(parts) and run - at < ALIAS_WORDS and _is_plain(parts[run]):
            run += 1
        for end in range(run, at + 1, -1):
            words = [p.text for p in parts[at:end]]  # type: ignore[union-attr]
            if lookup.is_one_name(" ".join(words)):
                found.append(Or((Words(" ".join(words), phrase=True), And(tuple(parts[at:end])))))
                at = end
                break
        else:
            found.append(parts[at])
            at += 1
    return found


def _pair_assertions(node: Node, letter: str = "") -> Node:
    """`assertion:negated theme:death` asks for a denied death, not for both anywhere."""
    if isinstance(node, And):
        own = [p for p in node.parts if isinstance(p, Fact) and p.field == "assertion"]
        rest = [p for p in node.parts if p not in own]
        if len(own) == 1 and any(_is_about(p) for p in rest):
            return And(tuple(_pair_assertions(p, own[0].value[0]) for p in rest))
        return And(tuple(_pair_assertions(p, letter) for p in node.parts))
    if isinstance(node, Or):
        return Or(tuple(_pair_assertions(p, letter) for p in node.parts))
    if isinstance(node, Fact) and letter and node.field in ("substance", "theme"):
        if letter == "a":  # the index has words only for what is not affirmed
            return And((node, *(Not(replace(node, field=f"{node.field}/{other}")) for other in "nh")))
        return replace(node, field=f"{node.field}/{letter}")
    return node


def _is_about(node: Node) -> bool:
    if isinstance(node, Or | And):
        return any(_is_about(p) for p in node.parts)
    return isinstance(node, Fact) and node.field in ("substance", "theme")


def split_fact(node: Fact) -> tuple[str, str, str]:
    """(field, value, first letter of the assertion or "")."""
    field, _, letter = node.field.partition("/")
    return field, node.value, letter


# --- the search index ---


def as_match(node: Node, lookup: Lookup) -> str:
    """An FTS5 expression; every word is quoted, so nothing typed is syntax."""
    if isinstance(node, Words):
        return _match_words(node, lookup)
    if isinstance(node, Fact):
        field, value, letter = split_fact(node)
        return _facts(lookup.words_for(Fact(field, value), assertion=letter))
    if isinstance(node, Or):
        return "(" + " OR ".join(as_match(p, lookup) for p in node.parts) + ")"
    if isinstance(node, Not):
        return f"({_facts(ANY_ROW)} NOT {as_match(node.part, lookup)})"
    if isinstance(node, And):
        wanted = [as_match(p, lookup) for p in node.parts if not isinstance(p, Not) and p != EVERYTHING]
        wanted = wanted or [_facts(ANY_ROW)]
        unwanted = [as_match(p.part, lookup) for p in node.parts if isinstance(p, Not)]
        both = "(" + " AND ".join(wanted) + ")"
        return f"({both} NOT ({' OR '.join(unwanted)}))" if unwanted else both
    raise TypeError(f"no index expression for {node!r}")


def _facts(words: Iterable[str]) -> str:
    return "facts : (" + " OR ".join(f'"{w}"' for w in words) + ")"


def _match_words(node: Words, lookup: Lookup) -> str:
    forms = [" ".join(form) for form in _forms(node)]
    star = " *" if node.prefix else ""
    text = "{title text} : (" + " OR ".join(f'"{form}"{star}' for form in forms) + ")"
    also = [] if node.prefix else lookup.also(node.text, quoted=node.phrase)
    return f"({text} OR {_facts(also)})" if also else text


def _forms(node: Words) -> list[list[str]]:
    if node.prefix:
        return [tokens(node.text)]
    return spellings(node.text) if not node.phrase or len(node.text.split()) == 1 else _phrase_forms(node.text)


def _phrase_forms(text: str) -> list[list[str]]:
    """The phrase as given, and with each hyphenated word joined."""
    words = [tokens(w) for w in text.split()]
    plain = [t for word in words for t in word]
    joined = ["".join(word) for word in words if word]
    return [plain] if plain == joined else [plain, joined]


def sought(node: Node, lookup: Lookup) -> list[Sought]:
    """What a hit is ranked and marked by: all that is asked for, nothing that is excluded."""
    parts = node.parts if isinstance(node, And) else (node,)
    return [replace(s, part=place) for place, part in enumerate(parts) for s in _sought(part, lookup)]


def _sought(node: Node, lookup: Lookup) -> Iterator[Sought]:
    if isinstance(node, Words):
        also = [] if node.prefix else lookup.also(node.text, quoted=node.phrase)
        facts = tuple(w for w in also if w[0] in "sctg")
        yield Sought(tuple(dict.fromkeys(_literals(node))), facts)
    elif isinstance(node, Fact):
        field, value, letter = split_fact(node)
        if field in ("substance", "class", "theme"):
            yield Sought((value.lower(),), tuple(lookup.words_for(Fact(field, value), assertion=letter)))
    elif isinstance(node, And | Or):
        for part in node.parts:
            yield from _sought(part, lookup)


def _literals(node: Words) -> list[str]:
    """Spellings to count and mark in a text; of several words also with the last in the other number."""
    text = node.text.lower()
    *before, last = text.split() if node.phrase else [text]
    if before:
        return [text, *(" ".join([*before, *form]) for form in spellings(last))]
    return [text, *(" ".join(form) for form in spellings(node.text))]


# --- SQL on what was known ---


_REVISIONS = "SELECT i.revision FROM search JOIN search_rows i ON i.id = search.rowid WHERE search MATCH"


_STATUS_THEN = """(SELECT status FROM (
  SELECT coalesce(json_extract(r.fields, '$.editorial_status'), 'ok') AS status
  UNION ALL SELECT m.status FROM editorial_marks m WHERE m.document = d.id AND m.at <= :as_of
) ORDER BY instr('ok notice corrected concern retracted', status) DESC LIMIT 1)"""


class Conditions:
    """Builds SQL conditions with numbered parameters. Tables as in `read.known_at`."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self.values: dict[str, Any] = {}

    def bind(self, value: Any) -> str:
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f":{name}"

    def tree(self, node: Node) -> str:
        """The same meaning as `as_match`, on the tag set of the moment instead of the index's."""
        if isinstance(node, Words):
            return self._words(node)
        if isinstance(node, Fact):
            field, value, letter = split_fact(node)
            return self._fact(self._lookup.words_for(Fact(field, value), assertion=letter))
        if isinstance(node, Not):
            return f"NOT {self.tree(node.part)}"
        if isinstance(node, And | Or):
            word = " AND " if isinstance(node, And) else " OR "
            return "(" + (word.join(self.tree(p) for p in node.parts) or "1") + ")"
        raise TypeError(f"no condition for {node!r}")

    def _words(self, node: Words) -> str:
        plain = Words(node.text, node.phrase, node.prefix)
        forms = " OR ".join('"' + " ".join(f) + '"' + (" *" if node.prefix else "") for f in _forms(plain))
        found = f"r.id IN ({_REVISIONS} {self.bind('{title text} : (' + forms + ')')})"
        also = [] if node.prefix else self._lookup.also(node.text, quoted=node.phrase)
        return f"({found} OR {self._fact(also)})" if also else found

    def _fact(self, words: Sequence[str]) -> str:
        return "(" + " OR ".join(self._word(w) for w in words) + ")"

    def _word(self, word: str) -> str:
        letter, rest = word[0], word[1:]
        if word == NEVER:
            return "0"
        if letter in "sct":
            number = int(rest.rstrip("anh"))
            asserted = {"n": "negated", "h": "hypothetical"}.get(rest[-1])
            extra = f" AND assertion = {self.bind(asserted)}" if asserted else ""
            return f"t.id IN (SELECT tagset FROM tag_terms WHERE term = {self.bind(number)}{extra})"
        if letter == "e":
            asserted = {"a": "affirmed", "n": "negated", "h": "hypothetical"}[rest]
            return (
                "t.id IN (SELECT x.tagset FROM tag_terms x JOIN terms m ON m.id = x.term AND m.kind = 'substance' "
                f"WHERE x.assertion = {self.bind(asserted)})"
            )
        if letter == "g":
            code = self.bind(country(rest))
            return (
                f"(instr(' ' || coalesce(t.countries, '') || ' ', ' ' || {code} || ' ') OR EXISTS (SELECT 1 FROM "
                f"json_each(r.fields, '$.countries') WHERE value = {code}))"
            )
        if letter == "d":
            return f"coalesce(t.doctype = {self.bind(get_args(DocType)[int(rest)])}, 0)"
        columns = {"r": "d.source", "l": "lower(s.tier)", "y": "substr(d.published, 1, 4)"}
        return f"coalesce({columns[letter]} = {self.bind(int(rest) if letter == 'r' else rest)}, 0)"

    def bounds(self, dates: Iterable[Dates], *, at_moment: bool = False) -> list[str]:
        """Conditions of date bounds: a coarse date matches where its period overlaps, `until` is inclusive; the
        editorial status is that of `:as_of` with `at_moment`."""
        found = []
        for bound in dates:
            value = self.bind(bound.value)
            if bound.bound == "since":
                found.append(f"(d.published >= {value} OR substr({value}, 1, length(d.published)) = d.published)")
            elif bound.bound == "until":
                found.append(f"d.published <= {value} || '~'")
            elif bound.bound == "seen_after":
                found.append(f"d.first_seen >= {value}")
            elif bound.bound == "seen_before":
                found.append(f"d.first_seen <= {value} || '~'")
            else:
                found.append(f"{_STATUS_THEN if at_moment else 'd.editorial_status'} = {value}")
        return found
