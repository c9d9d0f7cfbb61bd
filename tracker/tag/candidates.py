"""Names that look like a new substance and are not in the lexicon: how the next one is seen in its first week.

The grammar is a table of stems and code forms with their class. A word is a candidate only if neither it nor a
spelling of it is known, so the table may be broad where medicines are all listed, and is narrow where they are not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from tracker.tag.lazy import LazyPattern
from tracker.text.fold import key

if TYPE_CHECKING:
    from ahocorasick_rs import AhoCorasick

    from tracker.tag.patterns import Entry
    from tracker.tag.spelling import Speller


class Form(NamedTuple):
    """A stem or code form; `pattern` must match the whole word as written."""

    cls: str
    why: str
    pattern: LazyPattern


def _stem(cls: str, why: str, pattern: str) -> Form:
    return Form(cls, why, LazyPattern(pattern, re.IGNORECASE))


def _code(cls: str, why: str, pattern: str) -> Form:
    return Form(cls, why, LazyPattern(pattern))


_PRE = r"(?:[\w,'’′()\[\]αβγ-]*)"
_HALO = r"(?:F|Cl|Br|I|Me|MeO|EtO|HO|OH|AcO|PrO|Et|CN|NO2|TFM|CF3|M|fluoro|chloro|bromo|methoxy|methyl)"
_HEADS = (  # what codes of synthetic cannabinoids begin with
    "AB|ADB|ADMB|AMB|MMB|MDMB|EDMB|EMDB|EMB|APP|MPP|MPHP|CUMYL|NNL|NE|MN|CH|FUB|ACH|A|AKB|PTI|BZO"
)
_TAILS = "INACA|[A-Z0-9'-]ICA|AICA|IATA|PIATA|CACA|GACLONE|OXIZID|PYCA|CZCA"

FORMS: tuple[Form, ...] = (
    _stem("designer_benzodiazepine", "stem -azolam", rf"{_PRE}[a-z]{{2,}}(?:azolam|tizolam)"),
    _stem("designer_benzodiazepine", "stem -azepam", rf"{_PRE}[a-z]{{2,}}(?:azepam|oxipam)"),
    _stem("nitazene", "stem -nitazene", rf"{_PRE}[a-z](?:nitazene?|desnitazene?|todesnitazene?|etazene)"),
    _stem("nitazene", "stem -itazepyne", rf"{_PRE}[a-z]itazep(?:yne?|in|ipne|ipen)"),
    _stem("fentanyl_analogue", "stem -fentanyl", rf"{_PRE}[a-z0-9'-]fentan(?:yl|il)"),
    _stem("opioid", "stem -orphine", r"(?:[\w'-]+-)?[a-z]*[bldtnfhy]r?orphine(?<!endorphine)(?<!dextrorphine)"),
    _stem("synthetic_cathinone", "stem -cathinone", rf"{_PRE}[a-z0-9-](?:cathinone)"),
    _stem("synthetic_cathinone", "stem -ylone", rf"{_PRE}(?:meth|eth|prop|but|pent|hex|hept|oct|benz)ylone"),
    _stem("synthetic_cathinone", "stem -edrone", rf"{_PRE}(?:pent|hex|hept|oct|buph|meph|phep?h|mex|leph|reph)edrone"),
    _stem("synthetic_cathinone", "stem -rovalerone", rf"{_PRE}(?:pyrovalerone|pyrrolidino\w*phenone)"),
    _stem("piperidine", "stem -phenidate", rf"{_PRE}[a-z-]phenidate"),
    _stem("tryptamine", "stem -tryptamine", rf"{_PRE}[a-z-]tryptamine"),
    _stem("phenethylamine", "stem -phenethylamine", rf"{_PRE}[a-z-]phenethylamine"),
    _stem("amphetamine", "stem -amphetamine", rf"{_PRE}[a-z-](?:amphetamine|amfetamine)"),
    _stem("arylcyclohexylamine", "stem -ketamine", rf"{_PRE}(?:[a-z-]ketamine|[a-z]xetamine)"),
    _stem("arylcyclohexylamine", "stem -phenidine", rf"{_PRE}[a-z-](?:phenidine|phencyclidine|eticyclidine)"),
    _stem("sedative", "stem -omidate", rf"{_PRE}[a-z-](?:etomidate|metomidate|butomidate|propomidate|pentomidate)"),
    _stem("lysergamide", "lysergamide", rf"{_PRE}lysergamide|(?:1[A-Za-z]{{1,3}}-)(?:LSD|AL-LAD|ETH-LAD|MIPLA)"),
    _stem("gabapentinoid", "stem -phenibut", rf"{_PRE}[a-z0-9-]phenibut"),
    _stem(
        "synthetic_cannabinoid",
        "cannabinoid code",
        rf"(?:(?:\d[\w']{{0,6}}|[A-Z]{{1,3}})[- ])?(?:{_HEADS})(?:\(?N\)?)?-[\w'.,()\[\]-]*(?:{_TAILS})",
    ),
    _stem("synthetic_cannabinoid", "CUMYL code", r"(?:\d[\w']{0,4}-)?CUMYL-[\w'.\[\]-]{3,}"),
    _code("synthetic_cannabinoid", "JWH code", r"JWH-?\d{3}"),
    _code("semi_synthetic_cannabinoid", "HHC or THC code", r"(?:HHC|THC|H4-?CBD|H2-?CBD)-?(?:[A-Z]{1,2}|[A-Z]-[A-Z])"),
    _code("phenethylamine", "2C code", r"2C-[A-Z](?:[A-Za-z0-9]{0,4})(?:-[A-Z0-9][A-Za-z0-9]{0,5}){0,2}"),
    _stem("phenethylamine", "NBOMe code", r"(?:\d{2}[A-Za-z0-9]{1,4}-?|2C-[A-Z0-9]-?)NB(?:OMe|OH|F|MD|4OMe|3OMe)"),
    _code(
        "arylcyclohexylamine",
        "PCP code",
        rf"\d['’′]?-?{_HALO}-?(?:(?:2-oxo-|2'-oxo-)?PC(?:P|E|M|Pr|Py|MO)|DCK|MXE)",
    ),
    _code(
        "synthetic_cathinone",
        "methcathinone code",
        r"[2-4]-?(?:F|Cl|Br|I|Me|E|M|C|B|MeO|P|iP)(?:MC|EC|PC|BC|iPC|MMC)|[2-4]-(?:[A-Z]MC|[A-Z]EC)",
    ),
    _code("synthetic_cathinone", "alpha-PVP code", rf"(?:\d['’′]?-?{_HALO}-)?(?:alpha|α|a)-?P[A-Za-z]{{1,4}}P"),
    _code("synthetic_cathinone", "PVP code", rf"\d['’′]?-?{_HALO}-(?:α-)?P(?:V|H|B|P|iH|Hi)P"),
    _code(
        "tryptamine",
        "tryptamine code",
        rf"[4-7]-{_HALO}-(?:[DEMN]{{1,2}}[A-Z]?i?[BEMPA]?[A-Za-z]?T|MALT|DALT|AMT|αMT|aMT|AET|αET)",
    ),
    _code("opioid", "U code", r"U-?[4-7]\d,?\d{3}[A-Z]?"),
)

# Longer words that carry a stem and are no new drug: neurotransmitters, classes, chemistry in general.
_KNOWN_OTHERS = LazyPattern(
    r"benzodia[sz]epam|(?:5-?)?(?:hydroxy|5-hydroxy-?)tryptamine|methoxytryptamine|\w*hydroxyphenethylamine|phenethylamine|(?:non|poly|anti|pre|post|co)-?"
    r"(?:fentanyl|heroin|ketamine|amphetamine|benzodiazepam)|(?:heroin|cocaine|meth|xylazine|carfentanil)-?fentanyl|"
    r"\w+-(?:ketamine|amphetamine|fentanyl|cathinone)(?<!\b[a-z]-ketamine)",
    re.IGNORECASE,
)
_QUICK = LazyPattern(
    r"zolam|azepam|oxipam|itazen|etazene|itazep|fentan|orphine|cathinone|ylone|edrone|pyrovalerone|phenone|phenid|tryptamine|"
    r"phenethylamine|am(?:ph|f)etamine|etamine|cyclidine|omidate|lysergamide|lsd|lad|mipla|phenibut|inaca|ica|iata|caca|gaclone|oxizid|pyca|"
    r"czca|cumyl|jwh|hhc|thc|cbd|2c-|nb|pc|mc|ec|bc|p$|t$|u-?\d|dck|mxe",
    re.IGNORECASE,
)
# What one of the forms needs of a word without digits; the other parts go with digits or stand behind a hyphen.
_STEMS = (
    "zolam", "azepam", "oxipam", "itazen", "etazene", "itazep", "fentan", "orphine", "cathinone", "ylone", "edrone",
    "pyrovalerone", "phenone", "phenid", "tryptamine", "phenethylamine", "etamine", "cyclidine", "omidate",
    "lysergamid", "phenibut", "hhc", "thc",
)  # fmt: skip
_PARTED = LazyPattern(r"inaca|ica|iata|caca|gaclone|oxizid|pyca|czca|cumyl|cbd", re.IGNORECASE)
_PVP = LazyPattern("[aα][-‑‐–]?P")
_PIECES = LazyPattern(r"[^\W_]{6,}")


@cache
def _stems() -> AhoCorasick:
    from ahocorasick_rs import AhoCorasick

    return AhoCorasick(_STEMS)


def may_be_new(word: str, folded: str) -> bool:
    """Whether `look` may find a form in a word or compound without digits; never wrong when it says no."""
    if _stems().find_matches_as_indexes(folded) or _PVP.search(word):
        return True
    return not word.isalpha() and _PARTED.search(word) is not None


def look(word: str, known: Mapping[str, tuple[Entry, ...]], speller: Speller) -> list[tuple[int, int, str, str]]:
    """Candidates in one compound as written: (start, end, class, why), offsets into the word."""
    if len(word) < 4:
        return []
    quick = _QUICK.search(word) is not None
    whole = _judge(word, known, speller) if quick else None
    whole = whole or (speller.near_guarded(word) if len(word) >= 8 else None)
    if whole:
        return [(0, len(word), *whole)]
    if not quick or word.isalpha():
        return []
    found = []
    for piece in _PIECES.finditer(word):
        judged = _judge(piece[0], known, speller)
        if judged:
            found.append((piece.start(), piece.end(), *judged))
    return found


def _judge(word: str, known: Mapping[str, tuple[Entry, ...]], speller: Speller) -> tuple[str, str] | None:
    folded = key(word)
    if folded in known or (folded.endswith("s") and folded[:-1] in known) or _KNOWN_OTHERS.fullmatch(word):
        return None
    plain = word.replace("‑", "-").replace("‐", "-").replace("–", "-")
    singular = plain[:-1] if plain.endswith("s") and plain[-2:].islower() else plain
    for form in FORMS:
        if form.pattern.fullmatch(singular):
            if speller.read(word) is not None:
                return None
            near = speller.near_guarded(word)
            return form.cls, near[1] if near else form.why
    return None
