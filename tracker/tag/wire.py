"""Tags as the JSON of the contract, and the JSONL loop of `tracker tag`. Lines and errors are yielded, none printed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tracker.model import Candidate, ClassMention, ContextSubstance, Mention, SubstanceTag, Tags, ThemeTag
    from tracker.tag import Tagger

_TEXTS = ("title", "language", "published", "url", "source_type")


@dataclass(frozen=True, slots=True)
class BadLine:
    """An input line that cannot be tagged; `problem` says what is wrong with it and what to do."""

    number: int
    problem: str

    def __str__(self) -> str:
        return f"line {self.number}: {self.problem}"


def tags_json(tags: Tags, id: str | None) -> dict[str, Any]:
    """The object of the contract's `tracker tag`; every span is in code points of the named field."""
    return {
        "id": id,
        "language": tags.language,
        "relevant": tags.relevant,
        "relevance": round(tags.relevance, 4),
        "doctype": tags.doctype,
        "countries": list(tags.countries),
        "lexicon": tags.lexicon,
        "substances": [_substance(s) for s in tags.substances],
        "candidates": [_candidate(c) for c in tags.candidates],
        "context_substances": [_context_substance(c) for c in tags.context_substances],
        "grade": tags.grade,
        "classes": list(tags.classes),
        "class_mentions": [_class_mention(m) for m in tags.class_mentions],
        "themes": [_theme(t) for t in tags.themes],
    }


def _mention(m: Mention) -> dict[str, Any]:
    found: dict[str, Any] = {
        "surface": m.surface,
        "field": m.field,
        "start": m.start,
        "end": m.end,
        "assertion": m.assertion,
        "context": m.context,
    }
    if m.historical:
        found["historical"] = True
    return found


def _substance(s: SubstanceTag) -> dict[str, Any]:
    return {
        "name": s.name,
        "class": s.cls,
        "nps": s.nps,
        "role": s.role,
        "assertion": s.assertion,
        "mentions": [_mention(m) for m in s.mentions],
    }


def _context_substance(c: ContextSubstance) -> dict[str, Any]:
    return {"name": c.name, "mentions": [_mention(m) for m in c.mentions]}


def _candidate(c: Candidate) -> dict[str, Any]:
    return {"surface": c.surface, "field": c.field, "start": c.start, "end": c.end, "class": c.cls, "why": c.why}


def _class_mention(m: ClassMention) -> dict[str, Any]:
    return {"class": m.cls, "surface": m.surface, "field": m.field, "start": m.start, "end": m.end}


def _theme(t: ThemeTag) -> dict[str, Any]:
    return {
        "theme": t.theme,
        "assertion": t.assertion,
        "evidence": t.evidence,
        "field": t.field,
        "start": t.start,
        "end": t.end,
        "substances": list(t.substances),
    }


def documents(lines: Iterable[bytes | str]) -> Iterator[dict[str, Any] | BadLine]:
    """The documents of JSONL input, in order; a `BadLine` for each line without one. Empty lines are skipped."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            document = _read(line)
            yield BadLine(number, document) if isinstance(document, str) else document


def tag_stream(lines: Iterable[bytes | str], tagger: Tagger) -> Iterator[str | BadLine]:
    """One JSON line for each good input line, in order; a `BadLine` for each that is not."""
    encode = json.JSONEncoder(ensure_ascii=False, separators=(", ", ": ")).encode
    for document in documents(lines):
        if isinstance(document, BadLine):
            yield document
        else:
            tags = tagger.tag(document.get("text") or "", **{k: document.get(k) for k in _TEXTS})
            yield encode(tags_json(tags, document["id"]))


def _read(line: bytes | str) -> dict[str, Any] | str:
    """The document of one line, or what is wrong with it."""
    try:
        text = (line.decode("utf-8") if isinstance(line, bytes) else line).removeprefix("\ufeff")
        document = json.loads(text)
    except UnicodeDecodeError as error:
        return f"is not UTF-8 (byte {error.start}); convert the file to UTF-8"
    except (json.JSONDecodeError, RecursionError) as error:
        return f"is not JSON ({error}); give one JSON object a line"
    if not isinstance(document, dict):
        return f"is {type(document).__name__}, not an object; give one JSON object a line"
    return _fault(document, text) or document


def _fault(document: dict[str, Any], line: str) -> str | None:
    if isinstance(document.get("id"), bool) or not isinstance(document.get("id"), (str, int)):
        return "has no 'id'; give each document a string 'id'"
    for name in ("text", *_TEXTS):
        value = document.get(name)
        if value is not None and not isinstance(value, str):
            return f"'{name}' is {type(value).__name__}, not a string"
    # A surrogate can only come from a \\ud8xx escape, or from a caller's undecodable string.
    if ("\\u" in line or not line.isascii()) and _has_surrogate(document):
        return "holds a lone surrogate; replace the broken character"
    if not (document.get("text") or document.get("title")):
        return "has neither 'text' nor 'title'; nothing to tag" if "text" not in document else None
    return None


def _has_surrogate(document: dict[str, Any]) -> bool:
    """Whether any string of the document, known field or not, holds one."""
    left: list[Any] = [document]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            left += [*value, *value.values()]
        elif isinstance(value, list):
            left += value
        elif isinstance(value, str):
            try:
                value.encode("utf-8")
            except UnicodeEncodeError:
                return True
    return False
