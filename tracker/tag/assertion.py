"""Is it so? Assertion of names and of themes after NegEx and ConText (Chapman 2001, Harkema 2009).

A cue ("no", "was not detected", "suspected") has a scope in its sentence: forwards or backwards from the cue, up to a
terminating word ("but"), a semicolon or a length. Phrases that only look like a cue ("not only", "cannot be ruled out"
for a negation) void it. Some phrases decide for one theme alone ("can kill" is no death). All words are data, see
`concepts`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tracker.model import Assertion, Context, Mention
from tracker.tag.concepts import Concept, Cue, Vocabulary, scan, vocabulary

if TYPE_CHECKING:
    from tracker.model import Theme
    from tracker.tag.view import Hit, Sentence, View

# kind of cue -> (what it says, whether its scope lies before it, reach in characters)
_REACH: dict[str, tuple[str, bool, int]] = {
    "negation": ("negated", False, 90),
    "negation_after": ("negated", True, 90),
    "hypothetical": ("hypothetical", False, 150),
    "hypothetical_after": ("hypothetical", True, 150),
    "historical": ("historical", False, 80),
    "other": ("other", False, 80),
    "comparison": ("comparison", False, 28),
}
_PANEL_SIZE = 4  # names in one sentence that make a list of analytes of it
_SCHEDULE_SIZE = 3


class Scope(NamedTuple):
    """What a cue says about [start:end] of its field."""

    says: str
    start: int
    end: int
    cue: str


class Verdict(NamedTuple):
    """The assertion of one place, whether it tells of the past or of somebody else, and the cue that decided."""

    assertion: Assertion
    historical: bool = False
    cue: str | None = None
    other: bool = False


AFFIRMED = Verdict("affirmed")


def judge(view: View) -> tuple[Mention, ...]:
    """One Mention for each of `view.hits`, in order: its assertion, whether it is of the past, and its context."""
    if not view.hits:
        return ()
    seen = scan(view)
    of_hit = _sentence_of(view)
    names: dict[int, set[str]] = {}
    for hit, number in zip(view.hits, of_hit, strict=True):
        names.setdefault(number, set()).add(hit.name)
    scopes: dict[int, tuple[list[Scope], frozenset[str]]] = {}
    out = []
    for hit, number in zip(view.hits, of_hit, strict=True):
        if number not in scopes:
            cues = seen.sentences[number] if number >= 0 else ()
            text = view.title if hit.field == "title" else view.text
            end = view.sentences[number].end if number >= 0 else len(text)
            scopes[number] = _scopes(cues, seen.vocabulary, text, end)
        found, kinds = scopes[number]
        verdict = _verdict(found, hit.start, hit.end) if found else AFFIRMED
        context = hit.context or _context(hit, found, kinds, len(names[number]))
        out.append(Mention(hit.surface, hit.field, hit.start, hit.end, verdict.assertion, context, verdict.historical))
    return tuple(out)


def judge_span(sentence_text: str, start: int, end: int, language: str | None) -> Verdict:
    """The assertion of [start:end] of one sentence."""
    words = vocabulary(language)
    scopes, _ = _scopes(tuple(words.find(sentence_text)), words, sentence_text, len(sentence_text))
    return _verdict(scopes, start, end)


def judge_theme(theme: Theme, sentence: Sentence, cues: Sequence[Cue], words: Vocabulary) -> Verdict:
    """Whether a sentence says its theme is so, is not so, or may be so."""
    decided = _decided(theme, cues, words)
    if decided == {"decides_negated"}:
        return Verdict("negated", cue="decides_negated")
    targets = _targets(theme, cues, words)
    scopes, _ = _scopes(cues, words, "", sentence.end, _semicolons(sentence))
    verdicts = [_verdict(scopes, c.start, c.end) for c in targets]
    affirmed = any(v.assertion == "affirmed" or not _counts(theme, v.assertion) for v in verdicts)
    if "decides_hypothetical" in decided and not ("decides_affirmed" in decided and affirmed):
        return Verdict("hypothetical", cue="decides_hypothetical")
    if affirmed or not verdicts or ("decides_affirmed" in decided and "decides_negated" in decided):
        return AFFIRMED
    return next((v for v in verdicts if v.assertion == "hypothetical"), verdicts[0])


# Themes whose sentences use "no", "not" or "may" without denying or doubting the theme itself (found on labelled texts).
_NO_NEGATION = frozenset(("potency", "response", "vulnerable", "control", "prevalence", "emergence", "counterfeit"))
_NO_HYPOTHESIS = frozenset(("potency", "response", "vulnerable", "control", "analytics", "emergence", "prevalence"))


def _counts(theme: Theme, assertion: Assertion) -> bool:
    return theme not in (_NO_NEGATION if assertion == "negated" else _NO_HYPOTHESIS)


def _decided(theme: Theme, cues: Sequence[Cue], words: Vocabulary) -> set[str]:
    return {words.meanings[c.meaning][0] for c in cues if words.meanings[c.meaning][1:] == (theme,)}


def _targets(theme: Theme, cues: Sequence[Cue], words: Vocabulary) -> list[Cue]:
    """The strongest cues of the theme."""
    own = [(m.strength, c) for c in cues if isinstance(m := words.meanings[c.meaning], Concept) and m.theme == theme]
    best = max((strength for strength, _ in own), default=0)
    return [c for strength, c in own if strength == best]


def _semicolons(sentence: Sentence) -> list[int]:
    return [sentence.start + i for i, char in enumerate(sentence.text) if char == ";"] if ";" in sentence.text else []


def _sentence_of(view: View) -> list[int]:
    """For each hit the number of its sentence, -1 where it lies in none."""
    out, at = [], 0
    sentences = view.sentences
    for hit in view.hits:
        while at < len(sentences) and (sentences[at].field != hit.field or sentences[at].end <= hit.start):
            at += 1
        inside = at < len(sentences) and sentences[at].start <= hit.start
        out.append(at if inside else -1)
        if at == len(sentences):
            at = 0
    return out


def _scopes(
    cues: Sequence[Cue], words: Vocabulary, text: str, sentence_end: int, stops: Iterable[int] = ()
) -> tuple[list[Scope], frozenset[str]]:
    """The scopes of the sentence's cues, and the kinds of cue in it."""
    marked = [(m[0], c) for c in cues if not isinstance(m := words.meanings[c.meaning], Concept)]
    if not marked:
        return [], frozenset()
    void = [(c.start, c.end) for kind, c in marked if kind == "pseudo"]
    ends = sorted([c.start for kind, c in marked if kind == "end"] + list(stops))
    scopes = []
    for kind, cue in marked:
        if kind not in _REACH or (kind.startswith("negation") and _inside(cue, void)):
            continue
        says, backwards, reach = _REACH[kind]
        if backwards:
            start = max([e for e in ends if e < cue.start] + [cue.start - reach])
            scopes.append(Scope(says, start, cue.start, kind))
        else:
            end = min([e for e in ends if e >= cue.end] + [cue.end + reach, sentence_end])
            scopes.append(Scope(says, cue.end, end, kind))
    return scopes, frozenset(kind for kind, _ in marked)


def _inside(cue: Cue, spans: Sequence[tuple[int, int]]) -> bool:
    return any(s < cue.end and cue.start < e for s, e in spans)


def _verdict(scopes: Sequence[Scope], start: int, end: int) -> Verdict:
    over = {s.says: s.cue for s in scopes if s.start <= start < s.end}
    says: Assertion = "negated" if "negated" in over else "hypothetical" if "hypothetical" in over else "affirmed"
    return Verdict(says, "historical" in over, over.get(says), "other" in over)


def _context(hit: Hit, scopes: Sequence[Scope], kinds: frozenset[str], names: int) -> Context:
    if "reference" in kinds:
        return "reference"
    if "schedule" in kinds and names >= _SCHEDULE_SIZE:
        return "schedule"
    if "panel" in kinds and names >= _PANEL_SIZE:
        return "panel"
    if any(s.says == "comparison" and s.start <= hit.start < s.end for s in scopes):
        return "comparison"
    return "finding"
