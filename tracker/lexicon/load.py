"""Reads the data files into one `Lexicon`. Bad rows are errors that name file, row and column."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from tracker.errors import LexiconError
from tracker.lexicon.records import DOUBTS, KINDS, Alias, ClassWord, Control, Substance

DATA = Path(__file__).parent / "data"
LOCAL_FILE = "substances.local.csv"  # the analyst's additions, beside sources.yaml

_SUBSTANCES = (
    "name", "class", "nps", "reported", "doubt", "cas", "inchikey", "smiles", "first_notified",
    "first_notified_source", "sources",
)  # fmt: skip
_ALIASES = ("name", "alias", "kind", "language", "doubt")
_CONTROL = ("name", "country", "date", "status", "source")
_CLASSES = ("class", "word", "language", "doubt")
_FILES = ("VERSION", "substances.csv", "aliases.csv", "control.csv", "classes.csv")
_LOCAL = ("name", "class", "nps", "reported", "aliases", "remove")

_KINDS, _DOUBTS = frozenset(KINDS), frozenset(DOUBTS)

Row = dict[str, str]
T = TypeVar("T")


@dataclass(frozen=True)
class Lexicon:
    """All that is known, by canonical name. Immutable; `version` changes with the shipped data and the additions."""

    version: str
    substances: Mapping[str, Substance]
    classes: tuple[ClassWord, ...]

    @cached_property
    def context(self) -> Mapping[str, Substance]:
        """Substances that are named but not reported: antidotes, cutting agents, alcohol and the like."""
        return MappingProxyType({name: s for name, s in self.substances.items() if not s.reported})

    def surfaces(self) -> Iterator[tuple[Alias, Substance]]:
        """Every way to write every substance, the canonical name first."""
        for substance in self.substances.values():
            for alias in substance.aliases:
                yield alias, substance

    def find(self, name: str) -> Substance | None:
        """The substance of a canonical name or of any certain alias, spelt in any way; None where unknown."""
        from tracker.text.fold import key

        return self.substances.get(name.strip().lower()) or self._by_key.get(key(name))

    @cached_property
    def _by_key(self) -> Mapping[str, Substance]:
        from tracker.text.fold import key

        found: dict[str, Substance] = {}
        for doubtful in (True, False):  # a certain name overrides a doubtful one
            for alias, substance in self.surfaces():
                if bool(alias.doubt) is doubtful and alias.doubt != "never":
                    found[key(alias.text)] = substance
        found.update({key(name): substance for name, substance in self.substances.items()})
        return found


def load(extra: Path | None = None, *, data: Path = DATA) -> Lexicon:
    """The shipped knowledge base with an analyst's additions from `extra` (see `data/README.md`), which win.

    Raises LexiconError that names file, row and column. The result is cached until one of the files changes.
    """
    own = extra if extra is not None and extra.is_file() else None
    return _load(own, data, _stamps(data, own))


_Stamps = tuple[tuple[str, int, int], ...]


def _stamps(data: Path, own: Path | None) -> _Stamps:
    """Name, time of change and size of each file that the knowledge base is read from."""
    found = []
    for path in (*(data / name for name in _FILES), *((own,) if own is not None else ())):
        with suppress(OSError):  # a file that is missing is told when it is read
            known = path.stat()
            found.append((path.name, known.st_mtime_ns, known.st_size))
    return tuple(found)


@lru_cache(maxsize=4)
def _load(extra: Path | None, data: Path, stamps: _Stamps) -> Lexicon:
    version = _text(data / "VERSION").strip()
    aliases = _grouped(data / "aliases.csv", _ALIASES, _alias)
    controls = _grouped(data / "control.csv", _CONTROL, _control)
    substances: dict[str, Substance] = {}
    for place, row in _rows(data / "substances.csv", _SUBSTANCES):
        if row["name"] in substances:
            raise LexiconError(f"{place}, name: {row['name']!r} stands twice; merge the two rows")
        substances[row["name"]] = _substance(place, row, aliases.pop(row["name"], []), controls.pop(row["name"], []))
    for kind, rest in (("aliases.csv", aliases), ("control.csv", controls)):
        if rest:
            raise LexiconError(f"{kind}, name: {next(iter(rest))!r} is not in substances.csv; add it there first")
    classes = tuple(_class_word(place, row) for place, row in _rows(data / "classes.csv", _CLASSES))
    if extra is not None:
        _add_local(substances, extra)
        import hashlib

        version += "+" + hashlib.sha256(extra.read_bytes()).hexdigest()[:8]
    return Lexicon(version, MappingProxyType(substances), classes)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise LexiconError(f"{path.name}: cannot be read as UTF-8 text ({error}); save it as CSV in UTF-8") from error


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[str, Row]]:
    """Each row with its place for messages. Spreadsheets may put columns in another order or use semicolons."""
    text = _text(path)
    head = text.split("\n", 1)[0]
    reader = csv.reader(text.splitlines(keepends=True), delimiter=";" if ";" in head and "," not in head else ",")
    header = [cell.strip().lower() for cell in next(reader, [])]
    missing = [c for c in columns if c not in header]
    unknown = [c for c in header if c and c not in columns]
    if missing or unknown:
        raise LexiconError(
            f"{path.name}, header: "
            + "; ".join([*(f"column {c!r} is missing" for c in missing), *(f"{c!r} is no column" for c in unknown)])
            + f"; the columns are {', '.join(columns)}"
        )
    name, width = path.name, len(header)
    for number, cells in enumerate(reader, 2):
        if any(cells):
            if len(cells) != width:
                raise LexiconError(f"{name}, row {number}: {len(cells)} cells where {width} are due")
            yield f"{name}, row {number}", dict(zip(header, map(str.strip, cells), strict=True))


def _grouped(path: Path, columns: tuple[str, ...], make: Callable[[str, Row], T]) -> dict[str, list[T]]:
    groups: defaultdict[str, list[T]] = defaultdict(list)
    for place, row in _rows(path, columns):
        groups[row["name"]].append(make(place, row))
    return groups


def _one_of(place: str, column: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise LexiconError(f"{place}, {column}: {value!r} is none of {', '.join(a or '(empty)' for a in allowed)}")
    return value


def _alias(place: str, row: Row) -> Alias:
    if not row["alias"]:
        raise LexiconError(f"{place}, alias: is empty; fill it in or delete the row")
    kind, doubt = row["kind"], row["doubt"]
    if kind not in _KINDS or doubt not in _DOUBTS:
        _one_of(place, "kind", kind, KINDS)
        _one_of(place, "doubt", doubt, DOUBTS)
    return Alias(row["alias"], kind, row["language"], doubt)


def _control(place: str, row: Row) -> Control:
    return Control(row["country"], row["date"], row["status"], row["source"])


def _class_word(place: str, row: Row) -> ClassWord:
    if not (row["class"] and row["word"]):
        raise LexiconError(f"{place}: class and word are both needed")
    return ClassWord(row["class"], row["word"], row["language"], _one_of(place, "doubt", row["doubt"], DOUBTS))


def _substance(place: str, row: Row, aliases: list[Alias], controls: list[Control]) -> Substance:
    if not row["name"] or not row["class"]:
        raise LexiconError(f"{place}: name and class are both needed")
    doubt = _one_of(place, "doubt", row["doubt"], DOUBTS)
    text = row["name"].upper() if doubt == "case" else row["name"]
    return Substance(
        name=row["name"],
        cls=row["class"],
        nps=_one_of(place, "nps", row["nps"], ("yes", "no")) == "yes",
        reported=_one_of(place, "reported", row["reported"], ("yes", "no")) == "yes",
        aliases=(Alias(text, "name", "", doubt), *aliases),
        cas=row["cas"],
        inchikey=row["inchikey"],
        smiles=row["smiles"],
        first_notified=row["first_notified"],
        first_notified_source=row["first_notified_source"],
        sources=row["sources"],
        control=tuple(controls),
    )


def _add_local(substances: dict[str, Substance], path: Path) -> None:
    """Additions win: an alias given here is taken off the substance that had it; `remove` takes names away."""
    from tracker.text.fold import key

    for place, row in _rows(path, _LOCAL):
        name = row["name"].lower()
        old = substances.get(name)
        if not name or (old is None and not row["class"]):
            raise LexiconError(f"{place}: a new substance needs name and class")
        new = tuple(Alias(a, "spelling") for a in _many(row["aliases"]))
        gone = {key(a) for a in _many(row["remove"])}
        taken = {key(a.text) for a in new} | {key(name)}
        for other in [s for s in substances.values() if s.name != name]:
            kept = tuple(a for a in other.aliases if key(a.text) not in taken)
            if len(kept) < len(other.aliases):
                substances[other.name] = replace(other, aliases=kept)
        base = old or Substance(name, row["class"], nps=True, aliases=(Alias(name, "name"),), sources=path.name)
        kept = tuple(a for a in base.aliases if key(a.text) not in gone | {key(n.text) for n in new})
        substances[name] = replace(
            base,
            cls=row["class"] or base.cls,
            nps=_yes(place, "nps", row["nps"], base.nps),
            reported=_yes(place, "reported", row["reported"], base.reported),
            aliases=(*kept, *new),
        )


def _yes(place: str, column: str, value: str, default: bool) -> bool:
    return default if not value else _one_of(place, column, value, ("yes", "no")) == "yes"


def _many(cell: str) -> list[str]:
    return [part.strip() for part in cell.split("|") if part.strip()]
