"""Tags as rows and back. Evidence and surfaces are spans; their words are cut from the stored text when read."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tracker.archive.terms import Terms, substance_detail
from tracker.model import Candidate, ClassMention, ContextSubstance, Mention, SubstanceTag, Tags, ThemeTag

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from tracker.archive.facts import Found

Row = tuple[Any, ...]

_INSERTS = {
    "tag_terms": "INSERT OR IGNORE INTO tag_terms (term, tagset, a, r, position) VALUES (?,?,?,?,?)",
    "mentions": "INSERT INTO mentions (tagset, seq, term, f, start, end, a, c, historical) VALUES (?,?,?,?,?,?,?,?,?)",
    "themes": "INSERT INTO themes (tagset, seq, term, f, start, end, a, substances, rule) VALUES (?,?,?,?,?,?,?,?,?)",
    "class_mentions": "INSERT INTO class_mentions VALUES (?,?,?,?,?,?)",
    "candidates": "INSERT INTO candidates VALUES (?,?,?,?,?,?,?,?)",
}
DETAIL_TABLES = tuple(_INSERTS)
# As small numbers in the file; the tables give the words back in generated columns.
_FIELD = {"title": 0, "text": 1}
_ASSERTION = {"affirmed": 0, "negated": 1, "hypothetical": 2}
_CONTEXT = {"finding": 0, "panel": 1, "schedule": 2, "reference": 3, "comparison": 4}
_ROLE = {"primary": 0, "incidental": 1}


@lru_cache(maxsize=4096)
def _names(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


@lru_cache(maxsize=4096)
def _detail(text: str | None) -> tuple[str, bool]:
    known = json.loads(text or "{}")
    return known.get("class", ""), bool(known.get("nps"))


@lru_cache(maxsize=4096)
def _names_json(names: tuple[str, ...]) -> str:
    return json.dumps(names, ensure_ascii=False)


@dataclass(slots=True)
class TagRows:
    """Rows of many tag sets, gathered to be written at once."""

    tag_terms: list[Row] = field(default_factory=list)
    mentions: list[Row] = field(default_factory=list)
    themes: list[Row] = field(default_factory=list)
    class_mentions: list[Row] = field(default_factory=list)
    candidates: list[Row] = field(default_factory=list)

    def write(self, connection: sqlite3.Connection) -> None:
        for table, statement in _INSERTS.items():
            rows = getattr(self, table)
            connection.executemany(statement, rows)

    def add(self, tagset: int, tags: Tags, terms: Terms) -> list[Found]:
        """Gather the rows of one tag set; returns what the search index needs."""
        found: list[Found] = []
        seq = 0
        for position, tag in enumerate(tags.substances):
            term = terms.number("substance", tag.name, substance_detail(tag.cls, tag.nps))
            found.append(("substance", term, tag.assertion, tag.role == "primary"))
            self.tag_terms.append((term, tagset, _ASSERTION[tag.assertion], _ROLE[tag.role], position))
            for m in tag.mentions:
                self.mentions.append(_mention_row(tagset, seq, term, m))
                seq += 1
        for other in tags.context_substances:
            term = terms.number("context", other.name)
            for m in other.mentions:
                self.mentions.append(_mention_row(tagset, seq, term, m))
                seq += 1
        for position, cls in enumerate(tags.classes):
            term = terms.number("class", cls)
            found.append(("class", term, None, False))
            self.tag_terms.append((term, tagset, None, None, position))
        for seq, theme in enumerate(tags.themes):
            term = terms.number("theme", theme.theme)
            found.append(("theme", term, theme.assertion, False))
            self.tag_terms.append((term, tagset, _ASSERTION[theme.assertion], None, seq))
            rule = terms.number("rule", theme.rule) if theme.rule else None
            subs = _names_json(theme.substances) if theme.substances else None
            assertion, field = _ASSERTION[theme.assertion], _FIELD[theme.field]
            self.themes.append((tagset, seq, term, field, theme.start, theme.end, assertion, subs, rule))
        for seq, word in enumerate(tags.class_mentions):
            self.class_mentions.append((tagset, seq, terms.number("class", word.cls), word.field, word.start, word.end))
        for seq, c in enumerate(tags.candidates):
            self.candidates.append((tagset, seq, c.surface, c.field, c.start, c.end, c.cls, c.why))
        return found


def _mention_row(tagset: int, seq: int, term: int, m: Mention) -> Row:
    return (
        tagset, seq, term, _FIELD[m.field], m.start, m.end, _ASSERTION[m.assertion], _CONTEXT[m.context],
        int(m.historical),
    )  # fmt: skip


def read_tags(
    connection: sqlite3.Connection, heads: Sequence[sqlite3.Row], terms: Terms, texts: Mapping[int, tuple[str, str]]
) -> dict[int, Tags]:
    """Tags of some tag sets, by tag set id. `heads` are rows of `tagsets` joined with the lexicon's version; `texts`
    gives (title, text) of the revision each belongs to, empty strings where they may not be shown."""
    ids = json.dumps([head["id"] for head in heads])
    rows: dict[str, dict[int, list[sqlite3.Row]]] = {}
    for table in DETAIL_TABLES:
        grouped: dict[int, list[sqlite3.Row]] = defaultdict(list)
        order = "position" if table == "tag_terms" else "seq"
        for row in connection.execute(
            f"SELECT * FROM {table} WHERE tagset IN (SELECT value FROM json_each(?)) ORDER BY tagset, {order}", (ids,)
        ):
            grouped[row["tagset"]].append(row)
        rows[table] = grouped
    return {head["id"]: _tags(head, rows, terms, texts.get(head["id"], ("", ""))) for head in heads}


def _tags(
    head: sqlite3.Row, rows: Mapping[str, Mapping[int, list[sqlite3.Row]]], terms: Terms, texts: tuple[str, str]
) -> Tags:
    tagset = head["id"]
    mentions: dict[int, list[Mention]] = defaultdict(list)
    for row in rows["mentions"].get(tagset, ()):
        mentions[row["term"]].append(_mention(row, texts))
    substances, classes = [], []
    for row in rows["tag_terms"].get(tagset, ()):
        kind, name, detail = terms.name(row["term"])
        if kind == "substance":
            cls, nps = _detail(detail)
            found = tuple(mentions.pop(row["term"], ()))
            substances.append(SubstanceTag(name, cls, nps, row["role"], row["assertion"], found))
        elif kind == "class":
            classes.append(name)
    return Tags(
        language=head["language"],
        relevant=bool(head["relevant"]),
        relevance=head["relevance"],
        doctype=head["doctype"],
        countries=tuple(head["countries"].split()),
        lexicon=head["version"],
        substances=tuple(substances),
        candidates=tuple(_candidate(row) for row in rows["candidates"].get(tagset, ())),
        context_substances=tuple(ContextSubstance(terms.name(t)[1], tuple(m)) for t, m in mentions.items()),
        grade=head["grade"],
        classes=tuple(classes),
        class_mentions=tuple(_class_mention(row, terms, texts) for row in rows["class_mentions"].get(tagset, ())),
        themes=tuple(_theme(row, terms, texts) for row in rows["themes"].get(tagset, ())),
    )


def _slice(row: sqlite3.Row, texts: tuple[str, str]) -> str:
    return (texts[0] if row["field"] == "title" else texts[1])[row["start"] : row["end"]]


def _mention(row: sqlite3.Row, texts: tuple[str, str]) -> Mention:
    return Mention(
        _slice(row, texts), row["field"], row["start"], row["end"], row["assertion"], row["context"],
        bool(row["historical"]),
    )  # fmt: skip


def _candidate(row: sqlite3.Row) -> Candidate:
    return Candidate(row["surface"], row["field"], row["start"], row["end"], row["class"], row["why"])


def _class_mention(row: sqlite3.Row, terms: Terms, texts: tuple[str, str]) -> ClassMention:
    return ClassMention(terms.name(row["term"])[1], _slice(row, texts), row["field"], row["start"], row["end"])


def _theme(row: sqlite3.Row, terms: Terms, texts: tuple[str, str]) -> ThemeTag:
    theme: Any = terms.name(row["term"])[1]
    about = _names(row["substances"]) if row["substances"] else ()
    return ThemeTag(
        theme,
        row["assertion"],
        _slice(row, texts),
        row["field"],
        row["start"],
        row["end"],
        about,
        terms.name(row["rule"])[1] if row["rule"] else None,
    )
