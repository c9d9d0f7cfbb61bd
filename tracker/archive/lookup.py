"""What the words of a query may stand for: substances by any alias, sources, countries, years, themes, spellings."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from tracker.archive import meanings
from tracker.archive.facts import doctype_word
from tracker.model import Theme
from tracker.text.codes import country_named

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from tracker.archive.query import Fact
    from tracker.archive.terms import Terms

NEVER = "zz"  # a fact that no row has
_TOKENS = re.compile(r"[^\W_]+")
_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ω": "omega",
}  # fmt: skip
_SPELT = {name: letter for letter, name in _GREEK.items()}
_THEMES: tuple[str, ...] = Theme.__args__  # type: ignore[attr-defined]


class Names(Protocol):
    """What is needed of a lexicon: the substance behind any spelling of a name."""

    def find(self, name: str) -> object | None: ...


def tokens(text: str) -> list[str]:
    """Words as the search index cuts them."""
    return _TOKENS.findall(text.lower())


def spellings(text: str) -> list[list[str]]:
    """Other ways to write the same word: joined and hyphenated, Greek and spelt, singular and plural."""
    base = tokens(text)
    forms = [base]
    greek = [_GREEK.get(t, t) for t in base]
    spelt = [_SPELT.get(t, t) for t in base]
    forms += [greek, spelt]
    for form in list(forms):
        forms.append(["".join(form)])
        forms.append([piece for t in form for piece in re.findall(r"\d+|[^\W\d_]+", t)])
    if len(base) == 1:
        forms += [[form] for form in _numbers(base[0])]
    unique = dict.fromkeys(tuple(f) for f in forms if f)
    return [list(form) for form in unique]


def _numbers(word: str) -> list[str]:
    """English plural or singular of a plain word; wrong guesses find nothing and cost nothing."""
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return []
    if word.endswith("ies"):
        return [word[:-3] + "y"]
    if word.endswith("s") and not word.endswith("ss"):
        return [word[:-1]]
    return [word + "s", word[:-1] + "ies"] if word.endswith("y") else [word + "s"]


class Lookup:
    """Resolves names of one archive to the words of its search index."""

    def __init__(self, connection: sqlite3.Connection, terms: Terms, lexicon: Names | None) -> None:
        self._db, self._terms, self._lexicon = connection, terms, lexicon
        self._also: dict[tuple[str, bool], list[str]] = {}  # one search asks several times
        self._classes: dict[str, list[int]] | None = None
        self._class_words: dict[str, str] = {}
        self._sources: dict[str, str] | None = None

    def substance(self, name: str) -> str | None:
        """Canonical name of any alias; the name itself where the archive has tagged it; else None."""
        known = self._lexicon.find(name) if self._lexicon is not None else None
        if known is not None:
            return str(known.name)  # type: ignore[attr-defined]
        clean = " ".join(name.lower().split())
        return clean if self._terms.find("substance", clean) is not None else None

    def is_tagged(self, name: str) -> bool:
        """Whether the archive has documents tagged with the substance or class of that name."""
        known = self.substance(name)
        return (known is not None and self._terms.find("substance", known) is not None) or bool(self.classes(name))

    def is_one_name(self, words: str) -> bool:
        """Whether several words together are one name: of a substance, class, theme or country."""
        return bool(
            self.substance(words)
            or self.classes(words)
            or words.lower().replace(" ", "_") in _THEMES
            or country_named(words.lower())
        )

    def words_for(self, fact: Fact, *, assertion: str = "") -> list[str]:
        """Index words any of which a document with this fact has; [NEVER] where there are none."""
        return list(self._words(fact.field, fact.value, assertion)) or [NEVER]

    def _words(self, field: str, value: str, assertion: str) -> Iterable[str]:
        if field == "raw":
            return [value]
        if field == "substance":
            number = self._terms.find("substance", self.substance(value) or value)
            return [f"s{number}{assertion}"] if number else []
        if field == "theme":
            number = self._terms.find("theme", value)
            return [f"t{number}{assertion}"] if number else []
        if field == "class":
            return [f"c{n}" for n in self.classes(value)]
        if field == "source":
            return [f"r{n}" for n in self.sources(value)]
        if field == "country":
            return [f"g{country(value).lower()}"]
        if field == "doctype":
            return [doctype_word(value)]
        simple = {"tier": f"l{value.lower()}", "assertion": f"e{value[0].lower()}", "year": f"y{value}"}
        return [simple[field]] if field in simple else []

    def classes(self, name: str) -> list[int]:
        """Numbers of the classes of that name, whatever its spelling, number and language."""
        if self._classes is None:
            self._classes = {}
            for row in self._db.execute("SELECT id, name FROM terms WHERE kind = 'class'"):
                self._classes.setdefault(_plain(row["name"]), []).append(row["id"])
            self._class_words = _class_words(tuple(getattr(self._lexicon, "classes", ())))
        wanted = _plain(name)
        known = self._class_words.get(wanted)
        return self._classes.get(wanted) or (self._classes.get(_plain(known), []) if known else [])

    def sources(self, name: str) -> list[int]:
        """Numbers of the source of that id, else of all whose id, name or publisher has these words."""
        row = self._db.execute("SELECT num FROM sources WHERE id = ?", (name,)).fetchone()
        if row:
            return [row["num"]]
        wanted = tokens(name)
        rows = self._db.execute("SELECT num, id, name, publisher FROM sources")
        return [r["num"] for r in rows if wanted and _has_words(wanted, (r["id"], r["name"], r["publisher"]))]

    def also(self, text: str, *, quoted: bool = False) -> list[str]:
        """Facts that words may mean as well, as index words: a substance, class, theme, source, country or year that
        they name; unless quoted also a theme or country that they stand for (`fatal`, `Irish`)."""
        key = (text, quoted)
        if key not in self._also:
            found = self._find_also(text)
            self._also[key] = found if quoted else list(dict.fromkeys([*found, *self._meant(text)]))
        return self._also[key]

    def _meant(self, text: str) -> list[str]:
        numbers = [self._terms.find("theme", theme) for theme in meanings.themes(text)]
        code = meanings.country(text)
        return [*(f"t{number}" for number in numbers if number), *([f"g{code.lower()}"] if code else [])]

    def _find_also(self, text: str) -> list[str]:
        found: list[str] = []
        name = self.substance(text)
        if name is not None:
            number = self._terms.find("substance", name)
            found += [f"s{number}"] if number else []
        word = text.lower().strip()
        if re.fullmatch(r"(?:19|20)\d\d", word):
            found.append(f"y{word}")
        for theme in {word.replace(" ", "_"), *_numbers(word)}.intersection(_THEMES):
            number = self._terms.find("theme", theme)
            found += [f"t{number}"] if number else []
        found += [f"c{n}" for n in self.classes(word)]
        sources = self.sources(word) if len(word) > 2 else []
        found += [f"r{n}" for n in sources] if len(sources) <= 20 else []
        code = country_named(word)
        return [*found, f"g{code.lower()}"] if code else found

    def name_of(self, letter: str, rest: str) -> str | None:
        """What a fact word says, for facets: `s12` → the substance's name."""
        if letter in "sct":
            return self._terms.name(int(rest))[1] if rest.isdigit() else None
        if letter == "r":
            if self._sources is None:
                self._sources = {str(num): name for num, name in self._db.execute("SELECT num, id FROM sources")}
            return self._sources.get(rest)
        return rest.upper() if letter == "g" else rest

    def substances_tagged(self, words: Iterable[str]) -> list[int]:
        """Term numbers of the substances among fact words."""
        return [int(w[1:]) for w in words if w[0] in "sp" and w[1:].isdigit()]


@lru_cache(maxsize=4)
def _class_words(classes: tuple[Any, ...]) -> dict[str, str]:
    """Class by its words in the lexicon, folded; doubtful words are no names."""
    return {_plain(word.text): word.cls for word in classes if not word.doubt}


def _has_words(wanted: list[str], texts: Iterable[str | None]) -> bool:
    return set(wanted) <= {token for text in texts if text for token in tokens(text)}


def _plain(name: str) -> str:
    return " ".join(t.rstrip("s") for t in tokens(name.replace("_", " ")))


def country(value: str) -> str:
    """ISO code of a code or an English name; the value itself where it is neither."""
    return value.upper() if len(value) == 2 else country_named(value.lower()) or value.upper()
