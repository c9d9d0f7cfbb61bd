"""Views for the tests of the fact taggers, made by the finders of a run."""

from __future__ import annotations

from functools import cache

from tracker.lexicon import load
from tracker.model import Assertion, Theme, ThemeTag
from tracker.tag import Tagger
from tracker.tag.view import View


@cache
def tagger() -> Tagger:
    return Tagger(load())


def view(text: str, *, title: str = "", url: str | None = None, language: str = "en", kind: str | None = None) -> View:
    return tagger().look(text, title=title, url=url, language=language, source_type=kind)[0]


def theme(name: Theme, assertion: Assertion = "affirmed", evidence: str = "") -> ThemeTag:
    return ThemeTag(name, assertion, evidence, "text", 0, len(evidence))
