"""Whether an analyst of new psychoactive substances would keep a document, how surely, and why, in words.

What is named (substances and classes, new ones and watched medicines) and what the text speaks of (the illicit market,
fakes, harm, control; prescribing, animals, look-alikes; the words of the risk themes) go into a small fitted model; its
largest contributions are the reasons that are given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracker.tag import concepts, cues, linear

if TYPE_CHECKING:
    from tracker.model import Candidate, DocType, SubstanceTag, ThemeTag
    from tracker.tag.view import View

# Classes whose very mention is news to an analyst; the others (opioids, sedatives …) are named in every leaflet.
_NEW_CLASSES = frozenset(
    """new_psychoactive_substance designer_benzodiazepine nitazene orphine fentanyl_analogue synthetic_opioid u_compound
    synthetic_cannabinoid semi_synthetic_cannabinoid synthetic_cathinone nbome nboh arylcyclohexylamine tryptamine
    lysergamide phenethylamine piperazine thienodiazepine""".split()
)
# New to people, yet medicines of vets and shops of their own: what else the text says decides.
_TWO_FACED = frozenset(("xylazine", "medetomidine", "nitrous oxide", "kava", "carfentanil", "etorphine", "khat"))
_WORDS = {
    "NPS named": "names a new psychoactive substance",
    "several NPS": "names several new psychoactive substances",
    "watched substance": "names a veterinary or legal substance that is watched",
    "new class": "names a class of new psychoactive substances",
    "new classes": "names several classes of new psychoactive substances",
    "candidate": "has a name that looks like an unknown substance",
    "established drug only": "names only established medicines or classical drugs",
    "cannabis only": "names no drug but cannabis",
    "no drug": "names no psychoactive drug",
    "class words only": "names classes but no substance",
    "text:illicit": "speaks of the illicit market or misuse",
    "text:fake": "speaks of fakes, adulteration or spiking",
    "text:harm": "reports overdoses or deaths",
    "text:control words": "reports control or a ban",
    "text:emerging": "reports something new",
    "text:prescribing": "speaks of ordinary prescribing",
    "text:animals": "speaks of animals",
    "text:look-alike": "speaks of something that only shares a name with a drug",
    "text:leaflet words": "is worded like a medicine leaflet",
    "text:lab": "reports laboratory findings",
    "vet": "is about veterinary use",
    "therapy": "is about therapeutic use",
    "event": "tells of harm or crime with the drug",
    "title:illicit": "the title speaks of the illicit market",
    "title:fake": "the title speaks of fakes or spiking",
    "title:harm": "the title reports harm",
    "title:emerging": "the title reports something new",
    "title:warning": "the title is a warning",
    "title:animals": "the title speaks of animals",
    "title:prescribing": "the title speaks of prescribing",
    "title:look-alike": "the title speaks of something else",
    "title:leaflet words": "the title is that of a leaflet",
    "type:marketing": "is marketing",
    "type:factsheet": "is a leaflet or monograph",
    "type:official_alert": "is an official alert",
    "type:legal_notice": "is a legal act",
    "type:other": "is of no watched type",
    "drug talk": "speaks of drugs",
}
_NOTHING_SAID = 0.3  # the most that a text can reach which names no drug and does not speak of drugs either
_SAID = 2  # strength from which a theme's words count
_COUNTED = ("illicit", "fake", "harm", "control words", "emerging", "prescribing", "animals", "look-alike", "lab",
            "leaflet words", "people harmed", "case news", "advice", "issuer", "rehab")  # fmt: skip
_TITLED = ("illicit", "fake", "harm", "emerging", "warning", "animals", "prescribing", "look-alike", "leaflet words")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer with its probability (0..1) and its reasons, the weightiest first."""

    relevant: bool
    score: float
    reasons: tuple[str, ...] = ()


def judge(
    view: View,
    *,
    substances: Sequence[SubstanceTag],
    themes: Sequence[ThemeTag],
    doctype: DocType,
    candidates: Sequence[Candidate],
) -> Verdict:
    """Relevant from a score of 0.5 on; the reasons name what weighed for the answer given."""
    names = {s.name: s.nps for s in substances}
    found = features(view, names, doctype, bool(candidates))
    model = linear.model("relevance")
    score = model.chance(found)
    if "no drug" in found and "drug talk" not in found:  # fakes and seizures of other goods are worded alike
        score = min(score, _NOTHING_SAID)
    relevant = score >= 0.5
    reasons = _reasons(found, model, relevant)
    events = [t.theme for t in themes if t.assertion == "affirmed" and t.theme in _EVENTS]
    if relevant and events:
        reasons = (*reasons, f"affirms {', '.join(events[:4])}")
    return Verdict(relevant, round(score, 4), reasons)


_EVENTS = frozenset(
    ("death", "poisoning", "adulteration", "counterfeit", "supply", "control", "emergence", "impairment")
)


def features(view: View, names: dict[str, bool], doctype: str, candidate: bool) -> dict[str, float]:
    """The numbers that the model weighs. `names` maps each reported substance to whether it is a new one."""
    c = cues.of(view)
    new = [name for name, nps in names.items() if nps and name not in _TWO_FACED]
    watched = [name for name in names if name in _TWO_FACED]
    classes = {m.cls for m in view.class_mentions}
    new_classes = classes & _NEW_CLASSES
    out = {f"text:{name}": linear.squash(c.text[name]) / 2 for name in _COUNTED if name in c.text}
    out.update((f"title:{name}", 1.0) for name in _TITLED if name in c.title)
    if view.url or view.source_type:  # from the words alone the type is too uncertain to weigh
        out[f"type:{doctype}"] = 1.0
    animals, prescribing = c.text.get("animals", 0), c.text.get("prescribing", 0) + c.text.get("leaflet words", 0)
    event = sum(c.text.get(name, 0) for name in ("illicit", "fake", "harm", "control words", "case news"))
    flags = (
        ("NPS named", bool(new)),
        ("several NPS", len(new) > 1),
        ("watched substance", bool(watched)),
        ("new class", bool(new_classes)),
        ("new classes", len(new_classes) > 1),
        ("candidate", candidate),
        ("established drug only", bool(names) and not new and not watched),
        ("established drug and no class", bool(names) and not new and not watched and not new_classes),
        (
            "cannabis only",
            bool(names) and not new_classes and {h.cls for h in view.hits if h.reported} <= {"cannabinoid"},
        ),
        ("class words only", not names and bool(classes)),
        ("no drug", not names and not classes and not candidate),
        ("vet", animals > 2 and animals >= event),
        ("therapy", prescribing > 2 and prescribing >= event),
        ("event", event > 3 and event > animals + prescribing),
    )
    out.update((name, 1.0) for name, holds in flags if holds)
    out.update(_named(view, names))
    out.update(_spoken_of(view))
    if not names and not new_classes:
        out["look-alike only"] = linear.squash(c.text.get("look-alike", 0)) / 2
    return out


def _named(view: View, names: Mapping[str, bool]) -> Iterator[tuple[str, float]]:
    """Each substance and class by name: some are followed for themselves, others stand in every leaflet."""
    for name in names:
        yield f"name:{name}", 1.0
    for cls in {hit.cls for hit in view.hits if hit.reported}:
        yield f"class:{cls}", 1.0
    for cls in {mention.cls for mention in view.class_mentions}:
        yield f"class word:{cls}", 1.0


def _spoken_of(view: View) -> Iterator[tuple[str, float]]:
    """Whether drugs are spoken of at all, and for which themes there are words, plain (3) or likely (2) ones."""
    if concepts.speaks_of_drugs(f"{view.title}\n{view.text}", view.language):
        yield "drug talk", 1.0
    seen = concepts.scan(view)
    words = seen.vocabulary
    for meaning in {cue.meaning for said in seen.sentences for cue in said.concepts}:
        if words.theme[meaning] >= 0:
            for strength in range(_SAID, words.strength[meaning] + 1):
                yield f"words:{concepts.THEMES[words.theme[meaning]]} {strength}", 1.0


def _reasons(found: dict[str, float], model: linear.Linear, relevant: bool) -> tuple[str, ...]:
    sign = 1 if relevant else -1
    weighed: Iterable[tuple[float, str]] = (
        (sign * model.weights[name][0] * value, _WORDS[name])
        for name, value in found.items()
        if name in _WORDS and name in model.weights
    )
    return tuple(words for weight, words in sorted(weighed, key=lambda w: -w[0])[:4] if weight > 0.05)
