"""Language codes and names as sources write them, to ISO 639-1."""

from __future__ import annotations

from functools import lru_cache

from tracker.text.codes import language_of

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
    return language_of(head if len(head) == 3 else word)
