"""What the knowledge base holds: substances with their names, facts of control, words for classes. No logic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

Kind = Literal["name", "systematic", "spelling", "translation", "brand", "street", "salt", "metabolite", "misspelling"]
# How sure a name is. "" always counts; "context" needs a drug word or another drug close by; "case" must also be
# written exactly as listed (MET, DOC, NET); "list" only in a list with other drugs; "parent" only where the text names
# the substance in another way too; "never" is too ambiguous to tag and stands here so that nobody adds it again.
Doubt = Literal["", "context", "list", "case", "parent", "never"]

KINDS: tuple[str, ...] = get_args(Kind)
DOUBTS: tuple[str, ...] = get_args(Doubt)


class Alias(NamedTuple):
    """One way to write a substance. `language` is ISO 639-1, empty where the form is used everywhere."""

    text: str
    kind: str = "systematic"
    language: str = ""
    doubt: str = ""


class Control(NamedTuple):
    """One statement on legal control; `date` is cut to what the source says, empty where it gives none."""

    country: str  # ISO 3166-1 alpha-2, "EU" or "UN"
    date: str
    status: str
    source: str


@dataclass(frozen=True, slots=True)
class Substance:
    """One row of the knowledge base. `reported` False: context only (antidotes, cutting agents, alcohol …)."""

    name: str
    cls: str
    nps: bool
    reported: bool = True
    aliases: tuple[Alias, ...] = ()
    cas: str = ""
    inchikey: str = ""
    smiles: str = ""
    first_notified: str = ""
    first_notified_source: str = ""
    sources: str = ""
    control: tuple[Control, ...] = ()


class ClassWord(NamedTuple):
    """A word that names a class of substances ("nitazenes"). `doubt` as for names."""

    cls: str
    text: str
    language: str = ""
    doubt: str = ""
