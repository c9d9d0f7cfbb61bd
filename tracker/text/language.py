"""The language of a text, where its source does not declare one.

The model takes a second and 130 MB to load, so it is loaded at the first text that needs it and never before.
"""

from __future__ import annotations

import re

_HEAD = 300  # characters looked at: more cost time and were no better on labelled pages
_ADDRESS = re.compile(r"(?:https?://|www\.)\S{1,300}|\S{1,64}@\S{1,255}")
_ENOUGH = re.compile(r"(?:[^\W\d_][\W\d_]*){3}")  # three letters, in any script
_FOLDED = {"nb": "no", "nn": "no"}  # both written Norwegians are declared as "no" nearly everywhere


def detect_language(text: str) -> str | None:
    """The ISO 639-1 code of the language that `text` is written in, or None where too little is written to tell."""
    head = _ADDRESS.sub(" ", text[: 4 * _HEAD].strip()[:_HEAD])
    if not _ENOUGH.search(head):
        return None
    import py3langid

    code: str = py3langid.classify(head)[0]
    code = _FOLDED.get(code, code)
    return code if len(code) == 2 else None
