"""What led to each tag of one text, in colour: every span with the name and folds behind it, every cue, every rule.

Text in, text out; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from click import style

from tracker.tag.assertion import judge_span
from tracker.tag.wire import BadLine, documents

if TYPE_CHECKING:
    from tracker.model import Candidate, ClassMention, Field, Mention, Tags
    from tracker.tag import Tagger
    from tracker.tag.view import Hit, View

_COLOURS = {
    "substance": "cyan",
    "new": "bright_magenta",
    "context": "bright_black",
    "candidate": "yellow",
    "class": "green",
}
_ASSERTION = {"affirmed": "green", "negated": "red", "hypothetical": "yellow"}


class _Mark(NamedTuple):
    start: int
    end: int
    colour: str


def explain_stream(lines: Iterable[bytes | str], tagger: Tagger) -> Iterator[str | BadLine]:
    """One explanation for each good input line, a `BadLine` for each that is not."""
    for document in documents(lines):
        if isinstance(document, BadLine):
            yield document
        else:
            yield explain(tagger, document)


def explain(tagger: Tagger, document: dict[str, object]) -> str:
    """The text with its spans in colour, then each tag with its reasons."""
    given = {k: document.get(k) for k in ("title", "language", "published", "url", "source_type")}
    view, tags, mentions = tagger.look(str(document.get("text") or ""), **given)  # type: ignore[arg-type]
    parts = [
        _head(document, tags),
        *_coloured(view, tags.candidates),
        "",
        *_names(view, mentions),
        *_others(view.class_mentions, tags.candidates),
        *_themes(tags),
        *(f"  {style('because', dim=True)} {reason}" for reason in tags.reasons),
    ]
    return "\n".join(parts) + "\n"


def _head(document: dict[str, object], tags: Tags) -> str:
    relevant = style("relevant", fg="green") if tags.relevant else style("not relevant", fg="red")
    places = ", ".join(tags.countries) or "no country"
    facts = f"{relevant} ({tags.relevance:.2f}), {tags.doctype}, {tags.language}, {places}, grade {tags.grade}"
    return f"{style(_harmless(str(document.get('id'))), bold=True)}: {facts}, lexicon {tags.lexicon}"


def _coloured(view: View, candidates: Sequence[Candidate]) -> Iterator[str]:
    """Title and text with every span in the colour of its kind."""
    fields: tuple[tuple[Field, str], ...] = (("title", view.title), ("text", view.text))
    for field, text in fields:
        if not text:
            continue
        marks = [_Mark(h.start, h.end, _colour(h)) for h in view.hits if h.field == field]
        marks += [_Mark(c.start, c.end, _COLOURS["candidate"]) for c in candidates if c.field == field]
        marks += [_Mark(m.start, m.end, _COLOURS["class"]) for m in view.class_mentions if m.field == field]
        yield style(field, dim=True)
        yield _painted(_harmless(text), sorted(marks))


def _harmless(text: str) -> str:
    """The text, as long as before, without the characters that command a terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" if c != "\xa0" else " " for c in text)


def _colour(hit: Hit) -> str:
    return _COLOURS["context" if not hit.reported else "new" if hit.nps else "substance"]


def _painted(text: str, marks: Sequence[_Mark]) -> str:
    out, at = [], 0
    for mark in marks:
        if mark.start >= at:
            out += [text[at : mark.start], style(text[mark.start : mark.end], fg=mark.colour, bold=True)]
            at = mark.end
    return "".join([*out, text[at:]])


def _names(view: View, mentions: Sequence[Mention]) -> Iterator[str]:
    for hit, mention in zip(view.hits, mentions, strict=True):
        kind = "substance" if hit.reported else "context"
        verdict = style(mention.assertion, fg=_ASSERTION[mention.assertion])
        cue = _cue(view, hit)
        past = ", historical" if mention.historical else ""
        yield (
            f"  {style(kind, fg=_colour(hit))} {hit.name} [{hit.field} {hit.start}:{hit.end}] {hit.surface!r} "
            f"by {hit.how}; {verdict}{f' by {cue!r}' if cue else ''}, {mention.context}{past}"
        )


def _cue(view: View, hit: Hit) -> str | None:
    """The word in the sentence that made the mention anything but affirmed."""
    for sentence in view.sentences:
        if sentence.field == hit.field and sentence.start <= hit.start and hit.end <= sentence.end:
            at = sentence.start
            return judge_span(sentence.text, hit.start - at, hit.end - at, view.language).cue
    return None


def _others(classes: Sequence[ClassMention], candidates: Sequence[Candidate]) -> Iterator[str]:
    for c in candidates:
        yield (
            f"  {style('candidate', fg=_COLOURS['candidate'])} {c.surface!r} [{c.field} {c.start}:{c.end}] "
            f"{c.cls or 'class unknown'}: {c.why}"
        )
    for m in classes:
        yield f"  {style('class', fg=_COLOURS['class'])} {m.cls} [{m.field} {m.start}:{m.end}] {m.surface!r}"


def _themes(tags: Tags) -> Iterator[str]:
    for t in tags.themes:
        verdict = style(t.assertion, fg=_ASSERTION[t.assertion])
        about = f" about {', '.join(t.substances)}" if t.substances else ""
        rule = f" by {t.rule}" if t.rule else ""
        yield f"  {style('theme', fg='blue')} {t.theme}: {verdict}{about}{rule} [{t.field} {t.start}:{t.end}]"
        yield f"    {style(_harmless(t.evidence), italic=True)}"
