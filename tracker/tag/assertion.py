"""Is it so? Assertion of names and of themes after NegEx and ConText (Chapman 2001, Harkema 2009).

A cue ("no", "was not detected", "suspected") has a scope in its sentence: forwards or backwards from the cue, up to a
terminating word ("but"), a semicolon or a length. Phrases that only look like a cue ("not only", "cannot be ruled out"
for a negation) void it. Some phrases decide for one theme alone ("can kill" is no death). All words are data, see
`concepts`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from tracker.model import Assertion, Context, Mention
from tracker.tag.concepts import THEMES, Cue, Said, Scan, Vocabulary, scan, vocabulary
from tracker.tag.view import Sentence

if TYPE_CHECKING:
    from tracker.model import Theme
    from tracker.tag.view import Hit, View

# kind of cue -> (what it says, whether its scope lies before it, reach in characters)
_REACH: dict[str, tuple[str, bool, int]] = {
    "negation": ("negated", False, 70),
    "negation_after": ("negated", True, 90),
    "hypothetical": ("hypothetical", False, 150),
    "hypothetical_after": ("hypothetical", True, 90),
    "historical": ("historical", False, 80),
    "other": ("other", False, 80),
    "comparison": ("comparison", False, 28),
}
_PANEL_SIZE = 4  # names in one sentence that make a list of analytes of it
_SCHEDULE_SIZE = 3
_CAN = 110  # characters that "can" reaches
_CLOSE = 30  # characters within which a negation denies that something is controlled


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
_SAID_SO = Verdict("affirmed", cue="decides_affirmed")
_NONE: tuple[Sequence[Scope], frozenset[str]] = ((), frozenset())


def judge(view: View) -> tuple[Mention, ...]:
    """One Mention for each of `view.hits`, in order: its assertion, whether it is of the past, and its context."""
    if not view.hits:
        return ()
    seen = scan(view)
    of_hit = sentence_of(view)
    names: dict[int, set[str]] = {}
    for hit, number in zip(view.hits, of_hit, strict=True):
        names.setdefault(number, set()).add(hit.name)
    out = []
    for hit, number in zip(view.hits, of_hit, strict=True):
        found, kinds = scopes_of(view, seen, number) if number >= 0 else _NONE
        verdict = _verdict(found, hit.start, hit.end) if found else AFFIRMED
        context = hit.context or _context(hit, found, kinds, len(names[number]))
        out.append(Mention(hit.surface, hit.field, hit.start, hit.end, verdict.assertion, context, verdict.historical))
    return tuple(out)


def judge_span(sentence_text: str, start: int, end: int, language: str | None) -> Verdict:
    """The assertion of [start:end] of one sentence."""
    words = vocabulary(language)
    marks = [cue for cue in words.find(sentence_text) if not words.is_concept[cue.meaning]]
    scopes, _ = _scopes(marks, words, Sentence("text", 0, len(sentence_text), sentence_text))
    return _verdict(scopes, start, end)


def judge_theme(theme: Theme, sentence: Sentence, said: Said, words: Vocabulary) -> Verdict:
    """Whether a sentence says its theme is so, is not so, or may be so."""
    if not said.marks:
        return AFFIRMED
    return judge_said(theme, said, words, of_truth(_scopes(said.marks, words, sentence)[0]), True)


def of_truth(scopes: Sequence[Scope]) -> Sequence[Scope]:
    """The scopes that tell whether something is so."""
    return [s for s in scopes if s.says in ("negated", "hypothetical")]


def judge_said(theme: Theme, said: Said, words: Vocabulary, scopes: Sequence[Scope], decides: bool) -> Verdict:
    """The same, where the scopes of the sentence are known, and whether it may hold a phrase that decides."""
    deciding = _decided(theme, said.marks, words) if decides else []
    decided = {kind for kind, _ in deciding}
    if decided == {"decides_negated"}:
        return Verdict("negated", cue="decides_negated")
    if not scopes and not decided and theme != "death":
        return AFFIRMED
    targets = _targets(theme, said.concepts, words)
    if theme == "control" and not decided and _denied_at_once(scopes, targets):
        return Verdict("negated", cue="negation")
    verdicts = [_verdict(scopes, c.start, c.end) for c in targets]
    if theme == "death":
        verdicts = _without_what_can_be(verdicts, targets, said, words)
    affirmed = any(v.assertion == "affirmed" or not _counts(theme, v.assertion) for v in verdicts)
    if "decides_hypothetical" in decided:
        said_so = [_verdict(scopes, c.start, c.end) for kind, c in deciding if kind == "decides_affirmed"]
        if not said_so or not (affirmed or any(v.assertion == "affirmed" for v in said_so)):
            return Verdict("hypothetical", cue="decides_hypothetical")
        return _SAID_SO
    if affirmed or not verdicts or decided >= {"decides_affirmed", "decides_negated"}:
        return _SAID_SO if "decides_affirmed" in decided else AFFIRMED
    return next((v for v in verdicts if v.assertion == "hypothetical"), verdicts[0])


# Themes whose sentences say "no", "not" or "may" without denying or doubting the theme (seen on labelled texts).
_NO_NEGATION = frozenset(
    ("potency", "response", "vulnerable", "control", "prevalence", "emergence", "counterfeit", "supply", "pharmacology")
)
_NO_HYPOTHESIS = frozenset(
    ("potency", "response", "vulnerable", "control", "analytics", "emergence", "prevalence", "supply", "pharmacology")
)


def _without_what_can_be(
    verdicts: Sequence[Verdict], targets: Sequence[Cue], said: Said, words: Vocabulary
) -> list[Verdict]:
    """What can kill has killed nobody yet: deaths that "can" reaches are possible ones."""
    reach = [c.end for c in said.marks if words.meanings[c.meaning][0] == "can"]
    return [
        Verdict("hypothetical", cue="can")
        if verdict.assertion == "affirmed" and any(0 <= target.start - end <= _CAN for end in reach)
        else verdict
        for verdict, target in zip(verdicts, targets, strict=True)
    ]


def _denied_at_once(scopes: Sequence[Scope], targets: Sequence[Cue]) -> bool:
    """Whether a "no" or "not" stands close before one of the words ("is not, however, a controlled substance"); of
    those further away most tell of something else."""
    return any(
        s.cue == "negation" and s.start <= target.start < min(s.end, s.start + _CLOSE)
        for s in scopes
        for target in targets
    )


def _counts(theme: Theme, assertion: Assertion) -> bool:
    return theme not in (_NO_NEGATION if assertion == "negated" else _NO_HYPOTHESIS)


def _decided(theme: Theme, marks: Sequence[Cue], words: Vocabulary) -> list[tuple[str, Cue]]:
    """The phrases that decide for this theme, with their kinds. The longer phrase counts: "not legal" holds "legal",
    "nobody died" holds "died", "not harmless" holds "harmless"."""
    own = [(m[0], c) for c in marks if (m := words.meanings[c.meaning])[1] == theme]
    if not own:
        return []
    void = [c for c in marks if words.meanings[c.meaning][0] == "pseudo"]
    return [
        (kind, c)
        for kind, c in own
        if not any(kind != k and _gives_way(c, other) for k, other in own)
        and not any(p.start <= c.start and c.end <= p.end and p[:2] != c[:2] for p in void)
    ]


def _gives_way(cue: Cue, other: Cue) -> bool:
    """Whether `other` begins earlier and reaches into `cue`, or begins with it and is longer."""
    return other.start < cue.start < other.end or (other.start == cue.start and other.end > cue.end)


def _targets(theme: Theme, cues: Sequence[Cue], words: Vocabulary) -> list[Cue]:
    """The strongest cues of the theme."""
    place = THEMES.index(theme)
    own = [c for c in cues if words.theme[c.meaning] == place]
    best = max((words.strength[c.meaning] for c in own), default=0)
    return [c for c in own if words.strength[c.meaning] == best]


def sentence_of(view: View) -> list[int]:
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


_last: list[tuple[Scan, dict[int, tuple[Sequence[Scope], frozenset[str]]]]] = []  # names and themes ask in turn


def scopes_of(view: View, seen: Scan, number: int) -> tuple[Sequence[Scope], frozenset[str]]:
    """What the cues of a sentence say about which parts of it, and the kinds of cue in it."""
    if not _last or _last[0][0] is not seen:
        _last[:] = [(seen, {})]
    known = _last[0][1]
    if number not in known:
        marks = seen.sentences[number].marks
        known[number] = _scopes(marks, seen.vocabulary, view.sentences[number]) if marks else _NONE
    return known[number]


def _scopes(marks: Sequence[Cue], words: Vocabulary, sentence: Sentence) -> tuple[list[Scope], frozenset[str]]:
    """The scopes of the sentence's cues of assertion, and the kinds of cue in it."""
    marked = [(words.meanings[c.meaning][0], c) for c in marks]
    kinds = frozenset(kind for kind, _ in marked)
    if kinds.isdisjoint(_REACH):
        return [], kinds
    void = [c for kind, c in marked if kind == "pseudo"]
    ends = [c.start for kind, c in marked if kind == "end"]
    if ";" in sentence.text:
        ends += [sentence.start + i for i, char in enumerate(sentence.text) if char == ";"]
    scopes = []
    for kind, cue in marked:
        if kind not in _REACH or (void and kind.startswith("negation") and _inside(cue, void)):
            continue
        says, backwards, reach = _REACH[kind]
        if backwards:
            scopes.append(Scope(says, max([e for e in ends if e < cue.start] + [cue.start - reach]), cue.start, kind))
        else:
            end = min([e for e in ends if e >= cue.end] + [cue.end + reach, sentence.end])
            scopes.append(Scope(says, cue.end, end, kind))
    return scopes, kinds


def _inside(cue: Cue, others: Sequence[Cue]) -> bool:
    return any(o.start <= cue.start and cue.end <= o.end for o in others)


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
