"""Where a name begins and ends: word boundaries, inflections, and pieces of chemistry that make it another molecule."""

from __future__ import annotations

import re

from tracker.tag.lazy import LazyPattern

# Inflections that may follow a name: English plural and genitive, German, Nordic, Romance, Slavic, Finnish, Hungarian.
_ENDING = LazyPattern(
    r"(?:['’](?:s|er|en|in|y|[a-zåäöáéí]{1,3})?|:[a-zåäö]{1,4}|s|es|e|en|et|ets|ens|er|erna|erne|eille|eiden|a|as|o|os|u|em|om|y|i|"
    r"iem|ie|owi|ami|ach|ow|ów|ami|ia|iin|iini|iinia|iinin|iinista|n|in|ia|ista|ssa|ssä|sta|stä|ta|tä|lla|llä|lle|ksi|ja|t|ot|ok|"
    r"nak|nek|ban|ben|nal|nel|val|vel|ral|ra|re|ről|ról|tól|től|okat|ok|hoz|hez|ként|ból|ből|ot|at|ins|inu|inem|iny|unum|inu|inum|inn|ið|ins|"
    r"а|у|е|ы|и|ом|ем|ов|ами|ах|ам|ой|ю|я)(?![^\W_])"
)
_BRAND_ENDING = LazyPattern(
    r"(?:['’](?:s|er|en|in|y|[a-zåäö]{1,3})?|:[a-zåäö]{1,4}|s|et|en|in|ia|ista|u|em|om|ом|а|у)(?![^\W_])"
)
_SHORT_ENDING = LazyPattern(r"(?:['’]?s|['’](?:er|en|in|et|a|u|y)|:[a-zåäö]{1,4}|en|et)(?![^\W_])")

# Tables that lost their columns glue a controlled substance's number or a footnote's mark to the name.
_NUMBER_AFTER = LazyPattern(r"(?:\d{4}|\d{1,2}(?:,\d{1,2})*)(?!\w)")
_NUMBER_BEFORE = LazyPattern(r"(?<![\w-])\d{4}$")
_WHOLE_NAME = 7  # letters from which a name with a number at its end is no code

_HYPHENS = "-‐‑–"
_IN_TOKEN = re.compile(r"[\w,'′’()\[\]±+‐‑–-]*")

# Stereochemistry: the same substance.
_STEREO = LazyPattern(
    r"[dlrs]{1,2}|\((?:[±+−–-]|[RSEZ](?:,[RSEZ])*|\+/-|\d?[RSEZ])\)|\d?[RS]|rac|levo|dextro|cis|trans|[EZ]", re.I
)
# What may be glued to the front of a name and changes the molecule.
_PREFIX = LazyPattern(
    r"\w*(?:desethyl|desmethyl|desalkyl|deschloro|desnitro|dehydro|dihydro|tetrahydro|hydroxy|methyl|ethyl|propyl|butyl|pentyl|"
    r"hexyl|benzyl|phenyl|phenethyl|allyl|acetyl|acetoxy|methoxy|ethoxy|fluoro|chloro|bromo|iodo|nitro|amino|cyano|carboxy|"
    r"carbomethoxy|propionyl|butyryl|valeryl|furanyl|acryloyl|pyrrolidino|pirrolidino|pirrolidinil|acetoxi|pyrrolidinyl|piperidinyl|piperidino|morpholino|"
    r"methylenedioxy|deoxy|desoxy|keto|desetil|desetyl|d[ée]s[ée]thyl|desmetil|metil|etil|metyl|etyl|méthyl|éthyl|fluor|chlor|klor|cloro|metoxi|hidroxi|idrossi)|"
    r"nor|des|bisnor|oxo|thio|thia|aza|iso|neo|sec|tert|ortho|meta|para|alpha|beta|gamma|delta|omega|bis|di|tri|tetra|boc|pseudo|"
    r"homo|epi|[α-ω]|[NO]|[a-z]\d|\d[a-z]|\d['′’]?(?:Cl|Br|Me|MeO|Et|EtO|HO|OH|AcO|F|I)",
    re.IGNORECASE,
)
_LOCANT = LazyPattern(r"(?:[2-9]|1\d)['′’]?|(?:\d['′’]?,)+\d['′’]?")
_PREFIX_WORDS = (
    "desethyl", "desmethyl", "dealkyl", "desalkyl", "hydroxy", "fluoro", "chloro", "bromo", "iodo", "methoxy", "ethoxy",
    "methyl", "ethyl", "propyl", "butyl", "acetyl", "acryl", "furanyl", "butyryl", "valeryl", "benzyl", "phenyl",
    "thio", "nitro", "pyrrolidino", "pyrrolidinyl", "piperidinyl", "piperidino", "desetil", "desetyl", "déséthyl",
    "pirrolidino", "pirrolidinil", "piperidinil", "hidroxi", "metoxi", "acetoxi", "idrossi", "metossi",
)  # fmt: skip
_PREFIX_ENDS = frozenset(word[-2:] for word in (*_PREFIX_WORDS, "nor"))
_POSITIONS = ("ortho", "meta", "para", "alpha", "beta")
_CODE_JOINTS = ("-", "‐", "‑")
_CODE_ON = LazyPattern(r"[-‐‑][A-Z0-9][A-Z0-9'-]{0,8}(?![\w])")


def end_of(text: str, end: int, key_length: int, *, brand: bool = False, code: bool = False) -> int | None:
    """Where the written form ends, an inflection included; None where the name runs on into another word.

    Short names, codes and brands take fewer endings than names of substances.
    """
    if end >= len(text) or not (text[end].isalnum() or text[end] in "'’:_"):
        return end
    ending = (
        _SHORT_ENDING if key_length <= 4 or code or (brand and key_length <= 5) else _BRAND_ENDING if brand else _ENDING
    ).match(text, end)
    if ending:
        return end if text[end] in "'’:" else ending.end()
    if key_length >= _WHOLE_NAME and not code and text[end - 1].islower() and _NUMBER_AFTER.match(text, end):
        return end
    return None if text[end].isalnum() or text[end] == "_" else end


def follows_a_number(text: str, start: int, key_length: int) -> bool:
    """A name with a capital letter right after the four digits of its number in a list ("7285Ketamine")."""
    if key_length < _WHOLE_NAME or not text[start - 1].isdigit() or not text[start].isupper():
        return False
    return text[start + 1 : start + 2].islower() and bool(_NUMBER_BEFORE.search(text, max(0, start - 6), start))


def runs_on(text: str, end: int) -> int | None:
    """End of a code that goes on after a name that is a code itself ("2C-B" in "2C-B-XY"); None where it ends."""
    match = _CODE_ON.match(text, end) if text.startswith(_CODE_JOINTS, end) else None
    return match.end() if match else None


def changed_molecule(text: str, start: int) -> int | None:
    """Start of a chemical prefix right before the name that makes it another molecule ("N-desethyl …")."""
    last = text[start - 1 : start]
    if not last:
        return None
    if last not in _HYPHENS and (last not in " \n" or text[start - 3 : start - 1].lower() not in _PREFIX_ENDS):
        return None
    at = _token_start(text, start - 1)
    token = text[at : start - 1]
    if not token:
        return None
    if last in _HYPHENS:
        part = re.split("[-‐‑–]", token)[-1]
        if _STEREO.fullmatch(part):
            return None
        if _LOCANT.fullmatch(token):
            return at if text[start : start + 1].islower() else None
        if _LOCANT.fullmatch(part) and "-" in token:  # "6-deoxy-6-methylmorphine"
            return at if text[start : start + 1].islower() else None
        return at if _PREFIX.fullmatch(part) else None
    word = token.lower()
    if not (word.endswith(_PREFIX_WORDS) or word == "nor"):
        return None
    before = _token_start(text, at - 1) if at > 1 and text[at - 1] == " " else at
    return before if text[before : at - 1].lower() in _POSITIONS else at


def _token_start(text: str, end: int) -> int:
    """Start of the unbroken run of name characters that ends at `end`, at most 40 characters back."""
    at = end - _IN_TOKEN.match(text[max(0, end - 40) : end][::-1]).end()  # type: ignore[union-attr]  # matches ""
    while at < end and text[at] in "([" and text.find(")" if text[at] == "(" else "]", at, end) < 0:
        at += 1  # a bracket that is not closed before the name does not belong to it
    return at
