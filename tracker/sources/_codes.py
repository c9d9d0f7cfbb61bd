"""Language codes and names as sources write them, to ISO 639-1."""

from __future__ import annotations

from functools import lru_cache

# The codes that nearly all records carry, so that the tables of the library are only read for the rest.
_COMMON = {
    "eng": "en", "fre": "fr", "fra": "fr", "ger": "de", "deu": "de", "spa": "es", "ita": "it", "por": "pt", "dut": "nl",
    "nld": "nl", "swe": "sv", "nor": "no", "dan": "da", "fin": "fi", "pol": "pl", "rus": "ru", "chi": "zh", "zho": "zh",
    "jpn": "ja", "kor": "ko", "hun": "hu", "cze": "cs", "ces": "cs", "tur": "tr", "gre": "el", "ell": "el",
}  # fmt: skip
_NONE = {"und", "mul", "mis", "zxx", "unknown", "multiple languages"}


@lru_cache(maxsize=512)
def language_code(stated: str | None) -> str | None:
    """Return the two-letter code of a language code (`eng`, `fre`, `en-GB`) or English name, None when undetermined.

    A language without a two-letter code keeps its three letters.
    """
    word = (stated or "").strip().lower().replace("_", "-")
    if not word or word in _NONE:
        return None
    head = word.split("-")[0]
    if len(head) == 2 and head.isalpha():
        return head
    if head in _COMMON:
        return _COMMON[head]
    return _looked_up(head if len(head) == 3 else word)


def _looked_up(word: str) -> str | None:
    import pycountry

    table = pycountry.languages
    if len(word) == 3:
        entry = table.get(alpha_3=word) or table.get(bibliographic=word)
        return (getattr(entry, "alpha_2", None) or word) if entry else None
    try:
        entry = table.lookup(word)
    except LookupError:
        return None
    found: str = getattr(entry, "alpha_2", None) or entry.alpha_3
    return found
