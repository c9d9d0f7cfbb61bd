"""`tracker lexicon check`: what an editor got wrong. Findings are lines; an empty list is a clean knowledge base."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tracker.text.fold import key

if TYPE_CHECKING:
    from tracker.lexicon.load import Lexicon
    from tracker.lexicon.records import Substance

CLASSES = frozenset(
    """designer_benzodiazepine benzodiazepine nitazene fentanyl_analogue opioid synthetic_opioid synthetic_cannabinoid
    semi_synthetic_cannabinoid cannabinoid synthetic_cathinone phenethylamine nbome nboh amphetamine tryptamine
    lysergamide arylcyclohexylamine piperazine aminoindane piperidine plant gabapentinoid z_drug sedative barbiturate
    stimulant hallucinogen dissociative depressant antidepressant antipsychotic inhalant
    new_psychoactive_substance orphine antiepileptic anaesthetic phytocannabinoid thienodiazepine u_compound deliriant
    entactogen nootropic other""".split()
)
_INCHIKEY = re.compile(r"[A-Z]{14}-[A-Z]{10}-[A-Z]")
_CAS = re.compile(r"(\d{2,7})-(\d{2})-(\d)")
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")
_COUNTRY = re.compile(r"[A-Z]{2}")
_PLAIN_WORD = re.compile(r"[a-z]{1,3}")


def check(lexicon: Lexicon) -> list[str]:
    """One line a finding, each naming the substance and column."""
    found = [line for s in lexicon.substances.values() for line in _check_substance(s)]
    found += _check_clashes(lexicon)
    found += [f"classes.csv: {w.text}: class {w.cls!r} is unknown" for w in lexicon.classes if w.cls not in CLASSES]
    for column in ("cas", "inchikey"):
        found += _check_unique(lexicon, column)
    return found


def cas_is_valid(number: str) -> bool:
    """Form and check digit of a CAS registry number."""
    match = _CAS.fullmatch(number)
    if not match:
        return False
    digits = (match[1] + match[2])[::-1]
    return sum(place * int(d) for place, d in enumerate(digits, 1)) % 10 == int(match[3])


def _check_substance(s: Substance) -> Iterator[str]:
    if s.name != s.name.lower().strip():
        yield f"{s.name}: the name is not in lower case"
    if s.cls not in CLASSES:
        yield f"{s.name}: class {s.cls!r} is unknown; known are {', '.join(sorted(CLASSES))}"
    if s.cas and not cas_is_valid(s.cas):
        yield f"{s.name}: CAS {s.cas!r} has a wrong form or check digit"
    if s.inchikey and not _INCHIKEY.fullmatch(s.inchikey):
        yield f"{s.name}: InChIKey {s.inchikey!r} is not of the form 14-10-1 capitals"
    if bool(s.inchikey) != bool(s.smiles):
        yield f"{s.name}: InChIKey and SMILES do not come together"
    if s.first_notified and not (_DATE.fullmatch(s.first_notified) and s.first_notified_source):
        yield f"{s.name}: first_notified {s.first_notified!r} needs the form YYYY[-MM[-DD]] and a source"
    if not s.sources:
        yield f"{s.name}: no sources are given"
    for control in s.control:
        if not _COUNTRY.fullmatch(control.country) or not control.source:
            yield f"{s.name}: control {control.status!r} needs a two-letter country and a source"
        if control.date and not _DATE.fullmatch(control.date):
            yield f"{s.name}: control date {control.date!r} has not the form YYYY[-MM[-DD]]"
    for alias in s.aliases:
        if not key(alias.text):
            yield f"{s.name}: alias {alias.text!r} has no letter or digit"
        elif not alias.doubt and _PLAIN_WORD.fullmatch(alias.text) and alias.text not in SAFE_SHORT:
            yield f"{s.name}: alias {alias.text!r} is too short to count without context; mark it in the column doubt"


# Names of up to three letters that mean nothing else in the texts we read.
SAFE_SHORT = frozenset(
    "thc cbd cbn cbg hhc mxe dck hxe fxe pcp dxm lsd dmt ghb gbl mda bzp xtc gvl ghv lsa pce qat nor".split()
)


def _check_clashes(lexicon: Lexicon) -> Iterator[str]:
    owners: dict[str, dict[str, str]] = defaultdict(dict)
    for alias, substance in lexicon.surfaces():
        if alias.doubt not in ("never", "parent"):
            owners[key(alias.text)][substance.name] = alias.text
    for held in owners.values():
        if len(held) > 1:
            names = ", ".join(sorted(held))
            yield f"{next(iter(held.values()))!r} points to {names}; keep it on one or mark it parent or never"


def _check_unique(lexicon: Lexicon, column: str) -> Iterator[str]:
    seen: dict[str, str] = {}
    for s in lexicon.substances.values():
        value = getattr(s, column)
        if value and value in seen:
            yield f"{s.name}: {column} {value} is also that of {seen[value]}"
        elif value:
            seen[value] = s.name
