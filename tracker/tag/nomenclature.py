"""Ways to write one chemical name: 4-fluoro, para-fluoro and p-fluoro; 5F and 5-fluoro; butyryl and butyr.

Names given to the lexicon are widened by these rules when they are prepared for finding, so that an analyst writes a
name once. A form that the lexicon gives to another substance is never taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from re import Match, Pattern
from typing import NamedTuple

_LIMIT = 24  # forms of one name
_POSITION = {"2": "ortho", "3": "meta", "4": "para"}
_NUMBER = {**{word: number for number, word in _POSITION.items()}, "o": "2", "m": "3", "p": "4"}
_LONG = {
    "f": "fluoro", "cl": "chloro", "br": "bromo", "i": "iodo", "me": "methyl", "et": "ethyl", "meo": "methoxy",
    "eto": "ethoxy", "ho": "hydroxy", "oh": "hydroxy", "aco": "acetoxy", "pro": "propionyloxy", "cn": "cyano",
}  # fmt: skip
_SHORT = {
    "fluoro": "f",
    "chloro": "cl",
    "bromo": "br",
    "methyl": "me",
    "methoxy": "meo",
    "hydroxy": "ho",
    "acetoxy": "aco",
}
_GROUP = "fluoro|chloro|bromo|iodo|methyl|methoxy|hydroxy|ethyl|ethoxy|nitro"
_ON_A_RING = frozenset(
    """fentanyl_analogue amphetamine synthetic_cathinone arylcyclohexylamine piperidine opioid piperazine
    stimulant""".split()
)


class Rule(NamedTuple):
    """`pattern` is written as `write` says, in names that have `needs` and begin with one of `heads` ("": with any)."""

    heads: str
    needs: str
    pattern: Pattern[str]
    write: Callable[[Match[str]], str]


def _spelt(m: Match[str]) -> str:
    return f"{_POSITION[m[1]]}-{m[2]}"


def _initial(m: Match[str]) -> str:
    return f"{_POSITION[m[1]][0]}-{m[2]}"


def _numbered(m: Match[str]) -> str:
    return f"{_NUMBER[m[1]]}-{m[2]}"


def _long(m: Match[str]) -> str:
    return f"{m[1]}-{_LONG[m[2]]}-"


def _short(m: Match[str]) -> str:
    return f"{m[1]}-{_SHORT[m[2]]}-"


_DIGITS = "0123456789"
# Position words, for a substituent on a benzene ring.
_RING_RULES: tuple[Rule, ...] = (
    Rule("234", "-", re.compile(rf"^([234])-({_GROUP})"), _spelt),
    Rule("234", "-", re.compile(rf"^([234])-({_GROUP})"), _initial),
    Rule("omp", "-", re.compile(rf"^(ortho|meta|para)-({_GROUP})"), _numbered),
    Rule("omp", "-", re.compile(rf"^(ortho|meta|para)-({_GROUP})"), lambda m: f"{m[1][0]}-{m[2]}"),
    Rule("omp", "-", re.compile(rf"^([omp])-({_GROUP})"), _numbered),
)
_RULES: tuple[Rule, ...] = (
    Rule(_DIGITS, "-", re.compile(r"^(\d'?)-?(f|cl|br|i|me|et|meo|eto|ho|oh|aco|cn)-(?=[a-zα])"), _long),
    Rule("", "-", re.compile(r"(?<=-)(\d'?)(f|cl|br|cn)-(?=[a-z])"), _long),
    Rule(_DIGITS, "-", re.compile(r"^(\d'?)-(fluoro|chloro|bromo|methyl|methoxy|hydroxy|acetoxy)-(?=[a-z])"), _short),
    Rule(_DIGITS, "-ho-", re.compile(r"^(\d)-ho-"), lambda m: f"{m[1]}-oh-"),
    Rule("", "alpha-", re.compile(r"(?<![a-z])alpha-"), lambda m: "alfa-"),
    Rule("", "butyryl", re.compile(r"butyryl(?= ?fentanyl)"), lambda m: "butyr"),
    Rule("", "butyr", re.compile(r"butyr(?= ?fentanyl)"), lambda m: "butyryl"),
    Rule("", "acryloyl", re.compile(r"acryloyl(?= ?fentanyl)"), lambda m: "acryl"),
    Rule("", "fentanyl", re.compile(r"fentanyl$"), lambda m: "fentanil"),
    Rule("n", "n-pyrrolidino", re.compile(r"^n-pyrrolidino[ -]"), lambda m: "n-pyrrolidinyl "),
    Rule("n", "n-pyrrolidino", re.compile(r"^n-pyrrolidino[ -]"), lambda m: "pyrrolidino "),
    Rule("n", "n-piperidinyl", re.compile(r"^n-piperidinyl[ -]"), lambda m: "n-piperidino "),
    Rule("n", "n-desethyl", re.compile(r"^n-desethyl[ -]"), lambda m: "desethyl"),
    Rule("n", "n-desethyl", re.compile(r"^n-desethyl[ -]"), lambda m: "n-deethyl "),
    Rule("", "butinaca", re.compile(r"butinaca$"), lambda m: "binaca"),
    Rule("", "binaca", re.compile(r"(?<![a-z])binaca$"), lambda m: "butinaca"),
    Rule("", "butica", re.compile(r"(?<=-)butica$"), lambda m: "bica"),
    Rule("m", "mdmb-", re.compile(r"^mdmb-(?=\w+inaca$|4en)"), lambda m: "mdmb(n)-"),
    Rule("a", "amb-", re.compile(r"^amb-(?=\w+ica$|\w+inaca$)"), lambda m: "mmb-"),
    Rule("m", "mmb-", re.compile(r"^mmb-(?=\w+ica$|\w+inaca$)"), lambda m: "amb-"),
    Rule("", "amphetamine", re.compile(r"amphetamine"), lambda m: "amfetamine"),
    Rule("", "phenethylamine", re.compile(r"phenethylamine"), lambda m: "phenylethylamine"),
    Rule("n", "tryptamine", re.compile(r"^n-([a-z]+)-n-([a-z]+)(?=tryptamine)"), lambda m: f"n-{m[2]}-n-{m[1]}"),
    Rule(
        "",
        "tryptamine",
        re.compile(r"(?<=-)n-([a-z]{4,})-n-([a-z]{4,}?)(?=tryptamine)"),
        lambda m: f"n-{m[2]}-n-{m[1]}",
    ),
    Rule("uw", "-", re.compile(r"^([uw])-(\d\d),?(\d{3})"), lambda m: f"{m[1]}-{m[2]},{m[3]}"),
    Rule("uw", "-", re.compile(r"^([uw])-(\d\d),?(\d{3})"), lambda m: f"{m[1]}-{m[2]}.{m[3]}"),
)


@cache
def _rules(first: str, on_a_ring: bool) -> tuple[tuple[str, Pattern[str], Callable[[Match[str]], str]], ...]:
    """The rules for names that begin with `first`: what they need, the pattern, and how it is written."""
    rules = (*_RING_RULES, *_RULES) if on_a_ring else _RULES
    return tuple((needs, pattern, write) for heads, needs, pattern, write in rules if not heads or first in heads)


def equivalents(name: str, cls: str) -> Iterator[str]:
    """Other forms of a name, itself left out, each once."""
    seen, queue, on_a_ring = {name}, [name], cls in _ON_A_RING
    while queue and len(seen) < _LIMIT:
        form = queue.pop(0)
        for needs, pattern, write in _rules(form[0], on_a_ring):
            if needs in form and (other := pattern.sub(write, form, count=1)) not in seen:
                seen.add(other)
                queue.append(other)
                yield other
