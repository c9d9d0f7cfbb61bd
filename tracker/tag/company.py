"""What stands around a name: class phrases, other meanings of capitals, lists of drugs, words about drugs."""

from __future__ import annotations

import re

from tracker.tag.lazy import LazyPattern
from tracker.text.fold import key

# A name followed by one of these names a class or another thing, not the drug.
_CLASS_AFTER = LazyPattern(
    r"[ \n'’\"”»-]{0,3}"
    r"(?:(?<=[-‐‑–])(?:like|type|artig\w*|ähnlich\w*|analog\w*|derivat\w*|stoffgruppe)\b|analog(?:ue)?s?\b|analogous|analoga\w*|analóg\w*|análog\w*|analog[ioae]\w*|аналог\w*|homolog(?:ue)?s?\b|congeners?\b|"
    r"derivat(?:ive)?s?\b|derivat\w+|derivad\w+|dérivé\w*|derivati\b|pochodn\w+|"
    r"related (?:substance|compound|drug|analog|opioid|cannabinoid|designer)|"
    r"[- ]?type (?:stimulant|substance|cannabinoid|drug|opioid|compound)|"
    r"receptors?\b|antagonist|precursors?\b|származék\w*|"
    r"(?:use|abuse)? ?poppy)",
    re.IGNORECASE,
)
_CLASS_BEFORE = LazyPattern(
    r"(?:analog(?:ue)?s (?:of|du|de la|de l['’]|of the)|an[aá]log[oi]s? (?:del?|di|della|do|da)|derivatives of|"
    r"dérivés? (?:synthétiques? )?(?:du|de la|de l['’])|pochodn\w+|"
    r"derivad[oa]s? (?:del?|da|do|de la)|derivat[oi] (?:sintetic[oi] )?(?:del|della|di)) ?$",
    re.IGNORECASE,
)

_OF = ("of ", "the ", "du ", "de ", "la ", "l'", "l’", "del ", "di ", "do ", "da ", "della ")

_LIST_GAP = LazyPattern(
    r"[\s,;/()\"“”«»'‘’&+•·-]*(?:and|or|und|oder|et|ou|y|o|e|och|eller|og|en|of|ja|tai|i|oraz|a|nebo|и|или)?[\s\"“«'‘(]*"
)

# Words about drugs; the weak ones are common in other texts too and support street names, not bare codes.
_STRONG = (
    r"drugs?\b|narcotic|nps\b|psychoactive|psychotropic|overdos|opioid|opiate|fentanyl|heroin|cocaine|cannabi|mdma|benzo|"
    r"stimulant|hallucin|psychedelic|sedative|tranquil|addict|drug deal|traffick|smuggl|snort|intoxicat|toxicolog|"
    r"illicit|"
    r"controlled substance|designer|legal high|research chemical|psychonaut|metabolite|analogue|cathinone|tryptamine|"
    r"phenethylamine|amphetamine|forensic|"
    r"droge|rauschgift|betäubungsmittel|drogue|stup[ée]fiant|droga|droghe|estupefaciente|stupefacent|verdovend|"
    r"narkoti|droger|rusmid|huume|päihde|narkotyk|dopal|fíkniefni|vímuefni|kábítószer|drog|návyk|psychotrop|"
    r"nowe substancje|наркот|психоактивн|психотроп|a[mn]fetamin|kokain|cocaín|heroín|uyuşturucu|ναρκωτ|"
    r"наркоти|uimasti|narkotik|opojn|stupefian|psihoaktiv"
)
_WEAK = (
    r"dealer|dealing|seiz|inject|smok|street name|slang|nickname|pills?\b|tablet|capsule|powder|dos(?:e|es|age|ing)\b|"
    r"high\b|trip\b|tripping|raves?\b|illegal|schedule|vap(?:e|ing)|cartridge|edible|clubb|nightclub|party|parties|"
    r"euphori|comedown|consumers|substance|pillen?\b|medic|prescri|patient|pharm|poison|treatment|препарат|веществ"
)
_DRUG_WORDS = LazyPattern(rf"\b(?:{_STRONG}|{_WEAK})", re.IGNORECASE)
_STRONG_WORDS = LazyPattern(rf"\b(?:{_STRONG})", re.IGNORECASE)


# "synthetic cannabis", "eroina sintetica": another thing than the drug that gives it its name.
_SYNTHETIC_BEFORE = LazyPattern(
    r"\b(?:synth[eé]ti\w+|sint[eé]tic\w+|s[yi]nteti\w+|синтетич\w+|fake|legal|leg[aá]ln\w+|substitute) $", re.IGNORECASE
)
_SYNTHETIC_AFTER = LazyPattern(
    r" (?:(?:natural )?sint[eé]tic\w+|synth[eé]ti(?:que|qu|sch)\w*|de synth[eèé]se|di sintesi|de síntesis|"
    r"syntetyczn\w+)",
    re.IGNORECASE,
)
_ALSO_SYNTHETIC = frozenset({"cannabis", "heroin", "cocaine", "cathinone", "opium", "thc", "amphetamine"})

# Names that stand for their class too: plurals, and with an article or "synthetic" before them.
_CLASS_PLURAL = {
    "amphetamine": LazyPattern(
        r"(?:am(?:ph|f)etamin|anfetamin)(?:e?s|er|erna|erne|ene|e?n|as|it|eja|eita|ien|ok|okat|ów|y)$|anfetamine$|"
        r"amfetamiini(?:t|en|a)$"
    ),
    "desnitazene": LazyPattern(r"nitazenes$"),
    "fentanyl": LazyPattern(r"fentan(?:[iy]l(?:s|er|erna|erne|os|ene)|ili)$"),
    "cathinone": LazyPattern(r"[ck]ath?[iy]non(?:es|en|er|erna|erne|ene|as|i|it|y|ow|eja|eita|ien|eihin|s)$"),
    "ketamine": LazyPattern(r"[ck]etamin(?:es|er)$"),
    "mescaline": LazyPattern(r"mescalines$"),
}
_CLASS_ARTICLE = LazyPattern(
    r"\b(?:synth\w+|sint\w+|syntet\w+|substituted|an?|another|any|new|novel|designer|the|ein|eine[rs]?|une?|una|et|en|"
    r"tunnetuin|cette|this|these|quest[oa]|est[ae]|diese[rs]?|den|det|denna|denne)[ -]$",
    re.IGNORECASE,
)
_GERMAN_PLURAL = LazyPattern(r"(?:Am(?:ph|f)etamin|[CK]athinon|Tryptamin|Phenethylamin|Nitazen)en?")
_SOME_ACID = LazyPattern(r"(?:ic|amino|fatty|citrus|stomach)[ \n-]$", re.IGNORECASE)
_NOT_A_DOI = LazyPattern(r"[:\s]*(?:10\.\d|https?:|\d)|\)?:")
_CHEMICAL_WORD = LazyPattern(
    r"\d|meth|eth|prop|but|phen|hydroxy|acid|lyserg|amin|cannab|chlor|fluor|benz|oxy|lacton", re.IGNORECASE
)
_SMALL_WORDS = frozenset("of the and for in on de du des la le et und der die das von y del di e".split())


def is_class_use(text: str, start: int, end: int, name: str) -> bool:
    """The word stands for a class or an imitation here, not for the drug itself."""
    if name in _ALSO_SYNTHETIC and (
        _SYNTHETIC_BEFORE.search(text, max(0, start - 20), start) or _SYNTHETIC_AFTER.match(text, end)
    ):
        return True
    plural = _CLASS_PLURAL.get(name)
    if plural and plural.search(key(text[start:end])):
        return True
    if name == "lsd" and _SOME_ACID.search(text, max(0, start - 20), start):
        return text[start:end].lower().startswith("acid")
    return name == "cathinone" and bool(_CLASS_ARTICLE.search(text, max(0, start - 20), start))


def is_german_class(surface: str) -> bool:
    """What in German texts is a plural, "Amphetamine und Cathinone"; the drugs are Amphetamin and Cathinon."""
    return _GERMAN_PLURAL.fullmatch(surface) is not None


def is_doi(text: str, end: int) -> bool:
    """DOI as publishers write it, a number after it."""
    return bool(_NOT_A_DOI.match(text, end))


def is_other_acronym(text: str, code: str) -> bool:
    """The text spells the capitals out as something else: "Performance Co-Pilot (PCP)"."""
    at = text.find(f"({code})")
    if at > 0 and _spells(text[max(0, at - 90) : at], code):
        return True
    at = text.find(f"{code} (")
    return at >= 0 and _spells(text[at + len(code) + 2 : at + 100].partition(")")[0], code)


def _spells(words: str, code: str) -> bool:
    """The last words begin with the letters of the code and name no chemical."""
    found = [w for w in re.findall(r"[^\W_]+", words) if w.lower() not in _SMALL_WORDS][-len(code) :]
    return "".join(w[0] for w in found).upper() == code and not any(_CHEMICAL_WORD.search(w) for w in found)


def in_list(text: str, start: int, end: int, spans: list[tuple[int, int]]) -> bool:
    """Only list punctuation and a joining word stand between the name and another drug."""
    return any(
        (0 <= start - b <= 12 and _LIST_GAP.fullmatch(text, b, start))
        or (0 <= a - end <= 12 and _LIST_GAP.fullmatch(text, end, a))
        for a, b in spans
    )


def names_a_class(text: str, start: int, end: int) -> bool:
    """The name is part of a phrase for a class or another thing ("fentanyl analogues", "opium poppy")."""
    if _CLASS_AFTER.match(text, end):
        return True
    before = text[max(0, start - 30) : start]
    return before.endswith(_OF) and bool(_CLASS_BEFORE.search(before))


def has_drug_word(text: str, start: int, end: int, *, strong: bool = False) -> bool:
    """A word about drugs stands near; `strong` asks for one that other texts hardly have, within a shorter reach."""
    words, reach = (_STRONG_WORDS, 100) if strong else (_DRUG_WORDS, 150)
    return bool(words.search(text, max(0, start - reach), start) or words.search(text, end, end + reach))
