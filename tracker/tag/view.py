"""What the taggers look at: one text with its sentences, names and class words. No logic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from tracker.model import ClassMention, Context, Field


class Sentence(NamedTuple):
    """One sentence, heading or list item; `text` is the slice [start:end] of the field, trimmed."""

    field: Field
    start: int
    end: int
    text: str


class Hit(NamedTuple):
    """A name of the lexicon found at a place."""

    field: Field
    start: int
    end: int
    surface: str
    name: str  # canonical
    cls: str
    nps: bool
    reported: bool = True  # False: context only (antidote, cutting agent, alcohol …)
    marker: bool = False  # a metabolite or marker that points to the substance
    how: str = ""  # which alias and which folds led here, for --explain
    context: Context | None = None  # set where the name itself decides it


@dataclass(frozen=True, slots=True)
class View:
    """A document as the taggers see it: `sentences` and `hits` are in order, title first, then text."""

    text: str
    title: str
    language: str | None
    published: str | None
    url: str | None
    source_type: str | None
    sentences: tuple[Sentence, ...]
    hits: tuple[Hit, ...]
    class_mentions: tuple[ClassMention, ...]
