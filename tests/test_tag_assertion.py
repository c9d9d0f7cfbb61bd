"""Assertion cues with scope: negation, doubt, past, others; context of mentions; what decides for one theme."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tracker.tag import assertion, concepts
from tracker.tag.view import Hit, Sentence, View


def verdict(text: str, language: str = "en") -> assertion.Verdict:
    """The verdict on the word XX in `text`."""
    start = text.index("XX")
    return assertion.judge_span(text, start, start + 2, language)


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "No XX was detected.", "negated"),
        ("en", "XX was not detected in any sample.", "negated"),
        ("en", "Tests came back negative for XX.", "negated"),
        ("en", "There was neither heroin nor XX in it.", "negated"),
        ("en", "The pills held XX.", "affirmed"),
        ("en", "It is not only strong; XX was found.", "affirmed"),
        ("en", "No heroin was found, but XX was.", "affirmed"),
        ("en", "Not only XX but others were found.", "affirmed"),
        ("en", "The pills may contain XX.", "hypothetical"),
        ("en", "XX is suspected.", "hypothetical"),
        ("en", "Possibly laced with XX.", "hypothetical"),
        ("en", "XX cannot be ruled out.", "hypothetical"),
        ("de", "Es wurde kein XX nachgewiesen.", "negated"),
        ("de", "XX wurde nicht nachgewiesen.", "negated"),
        ("de", "Vermutlich war XX im Spiel.", "hypothetical"),
        ("de", "Kein Heroin, aber XX wurde gefunden.", "affirmed"),
        ("fr", "Aucune trace de XX.", "negated"),
        ("fr", "Les comprimés pourraient contenir du XX.", "hypothetical"),
        ("es", "No se detectó XX.", "negated"),
        ("es", "Podría contener XX.", "hypothetical"),
        ("it", "Non c'è traccia di XX.", "negated"),
        ("it", "Forse era XX.", "hypothetical"),
        ("pt", "Não foi encontrado XX.", "negated"),
        ("nl", "Er werd geen XX gevonden.", "negated"),
        ("nl", "Vermoedelijk ging het om XX.", "hypothetical"),
        ("sv", "Inget XX hittades.", "negated"),
        ("da", "Der blev ikke fundet XX.", "negated"),
        ("no", "Det ble ikke funnet XX.", "negated"),
        ("pl", "Nie wykryto XX.", "negated"),
        ("pl", "Prawdopodobnie zawierały XX.", "hypothetical"),
        ("cs", "Nebyl nalezen XX.", "negated"),
        ("ru", "Нет XX в крови.", "negated"),
        ("xx", "No XX was found.", "negated"),
        ("en", "No XX was detected in any of the tablets.", "negated"),
        ("en", "Toxicology found neither fentanyl nor XX.", "negated"),
        ("en", "The samples were free of XX.", "negated"),
        ("en", "XX could not be confirmed in the powder.", "negated"),
        ("en", "XX was absent from all samples.", "negated"),
        ("en", "Laboratory tests ruled out XX.", "negated"),
        ("en", "None of the pills contained XX.", "negated"),
        ("en", "There was no evidence of XX use.", "negated"),
        ("en", "Police later said the powder was not XX.", "negated"),
        ("en", "It turned out to be sugar rather than XX.", "negated"),
        ("en", "XX, which is not controlled in Japan, was found in five pills.", "affirmed"),
        ("en", "He did not know that the pill contained XX.", "affirmed"),
        ("en", "XX does not respond to naloxone.", "affirmed"),
        ("en", "There is no antidote to XX.", "affirmed"),
        ("en", "Never before had XX been seen in Ireland.", "affirmed"),
        ("en", "XX is not a benzodiazepine.", "affirmed"),
        ("en", "XX can cause death.", "affirmed"),
        ("en", "The pills are suspected to contain XX.", "hypothetical"),
        ("en", "It could be XX.", "hypothetical"),
        ("en", "Police believe that XX may have been involved.", "hypothetical"),
        ("en", "XX is thought to be behind the deaths.", "hypothetical"),
        ("en", "XX may cause drowsiness.", "affirmed"),
        ("de", "In keiner Probe wurde XX gefunden.", "negated"),
        ("de", "XX ließ sich nicht nachweisen.", "negated"),
        ("de", "Es könnte sich um XX handeln.", "hypothetical"),
        ("de", "XX ist in Deutschland nicht verboten.", "affirmed"),
        ("fr", "Les analyses n'ont pas mis en évidence de XX.", "negated"),
        ("fr", "Il s'agirait de XX.", "hypothetical"),
        ("es", "En ninguna muestra se encontró XX.", "negated"),
        ("es", "Podría tratarse de XX.", "hypothetical"),
        ("it", "Nelle pasticche non c'era XX.", "negated"),
        ("it", "Potrebbe trattarsi di XX.", "hypothetical"),
        ("nl", "In geen van de pillen zat XX.", "negated"),
        ("nl", "Mogelijk ging het om XX.", "hypothetical"),
        ("sv", "I inget prov fanns XX.", "negated"),
        ("pt", "Em nenhuma amostra foi detetado XX.", "negated"),
        ("pl", "W żadnej próbce nie wykryto XX.", "negated"),
        ("ru", "Ни в одной пробе не нашли XX.", "negated"),
        ("ru", "Возможно, это был XX.", "hypothetical"),
    ],
)  # fmt: skip
def test_a_span_is_judged_by_the_cues_whose_scope_it_lies_in(language: str, text: str, expected: str) -> None:
    assert verdict(text, language).assertion == expected


def test_past_and_others_are_flagged_and_not_denied() -> None:
    assert verdict("He had a history of XX use.") == ("affirmed", True, None, False)
    assert verdict("His brother took XX.").other


def test_scope_ends_at_a_semicolon_and_at_its_reach() -> None:
    assert verdict("No heroin; XX was there.").assertion == "affirmed"
    assert verdict("No sign of " + "very " * 30 + "XX.").assertion == "affirmed"


def view_of(text: str, *names: str, language: str = "en", title: str = "") -> View:
    """One sentence of text with hits on the names."""
    hits = tuple(Hit("text", text.index(n), text.index(n) + len(n), n, n.lower(), "class", True) for n in names)
    hits = tuple(sorted(hits, key=lambda h: h.start))
    parts = [Sentence("title", 0, len(title), title)] if title else []
    return View(text, title, language, None, None, None, (*parts, Sentence("text", 0, len(text), text)), hits, ())


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ("Etizolam was found in blood.", ("Etizolam",), ["finding"]),
        ("Etizolam is ten times as strong as diazepam.", ("Etizolam", "diazepam"), ["finding", "comparison"]),
        ("Our method quantifies aa1, bb2, cc3 and dd4 in blood.", ("aa1", "bb2", "cc3", "dd4"), ["panel"] * 4),
        ("The order places aa1, bb2 and cc3 in schedule I.", ("aa1", "bb2", "cc3"), ["schedule"] * 3),
        ("Smith et al. Deaths with aa1. Forensic Sci Int 2020.", ("aa1",), ["reference"]),
    ],
)
def test_context_tells_findings_from_lists_and_comparisons(
    text: str, names: tuple[str, ...], expected: list[str]
) -> None:
    assert [m.context for m in assertion.judge(view_of(text, *names))] == expected


def test_one_mention_a_hit_in_order_with_the_hit_s_own_span() -> None:
    text = "No etizolam was found, but bromazolam was."
    mentions = assertion.judge(view_of(text, "etizolam", "bromazolam", title="Etizolam"))
    assert [(m.surface, m.assertion) for m in mentions] == [("etizolam", "negated"), ("bromazolam", "affirmed")]
    assert all(text[m.start : m.end] == m.surface for m in mentions)


@pytest.mark.parametrize(
    ("theme", "text", "expected"),
    [
        ("death", "Two people died after taking it.", "affirmed"),
        ("death", "A speck of it can kill.", "hypothetical"),
        ("death", "Nobody has died of it.", "negated"),
        ("death", "An overdose can lead to death.", "hypothetical"),
        ("control", "The drug was banned in May.", "affirmed"),
        ("control", "It is not controlled in the United States.", "negated"),
        ("control", "Sellers stay ahead of the law with new variants.", "negated"),
        ("control", "DEA proposes to place it in schedule I.", "affirmed"),
        ("poisoning", "It can cause seizures and coma.", "affirmed"),
        ("poisoning", "It may cause coma.", "hypothetical"),
        ("poisoning", "So far the office knows of no overdose from these pills.", "negated"),
        ("polydrug", "Do not mix it with alcohol.", "hypothetical"),
        ("polydrug", "Alcohol raises the risk of overdose.", "affirmed"),
        ("response", "Naloxone does not help.", "negated"),
        ("response", "Authorities should act without delay.", "hypothetical"),
        ("response", "Carry naloxone and do not use alone.", "affirmed"),
        ("analytics", "The screen does not show it.", "negated"),
        ("adulteration", "The powder could contain fentanyl.", "hypothetical"),
        ("adulteration", "Assume that any pill from the street contains fentanyl.", "hypothetical"),
        ("control", "It is not legal in any form.", "affirmed"),
        ("control", "The United Nations conventions do not control it.", "negated"),
        ("control", "MPs want spiking to be a specific criminal offence.", "hypothetical"),
        ("control", "The ministry weighs the options for regulating it.", "hypothetical"),
        ("death", "Deadly amounts of fentanyl were in the pills.", "hypothetical"),
        ("death", "On 3 May a man died.", "affirmed"),
        ("poisoning", "On 3 May and May 31 two overdoses were reported.", "affirmed"),
        ("poisoning", "It can cause seizures, with a risk of overdose.", "affirmed"),
        ("poisoning", "The drug is harmless.", "negated"),
        ("dependence", "It has a high abuse liability.", "hypothetical"),
        ("analytics", "It is almost impossible to detect in urine.", "negated"),
        ("analytics", "It is hard to detect in urine.", "affirmed"),
        ("analytics", "The toxicology results are pending.", "hypothetical"),
        ("response", "Narcan cannot reverse it.", "negated"),
        ("response", "The committee calls for better training.", "hypothetical"),
        ("pharmacology", "How it works is not exactly known.", "negated"),
        ("pharmacology", "The metabolism is unknown.", "negated"),
        ("mental_health", "It may trigger psychosis.", "hypothetical"),
    ],
)
def test_the_rules_of_single_themes(theme: str, text: str, expected: str) -> None:
    view = view_of(text)
    seen = concepts.scan(view)
    judged = assertion.judge_theme(theme, view.sentences[0], seen.sentences[0], seen.vocabulary)  # type: ignore[arg-type]
    assert judged.assertion == expected


@pytest.mark.parametrize(
    ("language", "theme", "text", "expected"),
    [
        ("de", "death", "Wer es nimmt, kann sterben.", "hypothetical"),
        ("de", "death", "Drei Menschen sind daran gestorben.", "affirmed"),
        ("de", "control", "Der Stoff ist bisher von keinem gesetzlichen Verbot erfasst.", "negated"),
        ("de", "control", "Die Produkte sind weder sicher noch legal.", "affirmed"),
        ("de", "analytics", "Der Stoff lässt sich nicht nachweisen.", "negated"),
        ("fr", "death", "Le produit peut entraîner le coma, voire la mort.", "hypothetical"),
        ("fr", "control", "Ces drogues légales sont interdites depuis mai.", "affirmed"),
        ("fr", "response", "Il n'existe pas d'antidote.", "negated"),
        ("es", "death", "Puede causar la muerte.", "hypothetical"),
        ("es", "control", "La sustancia no está regulada.", "negated"),
        ("es", "poisoning", "Puede causar convulsiones.", "affirmed"),
        ("it", "death", "Può risultare letale.", "hypothetical"),
        ("it", "control", "La sostanza non è tabellata.", "negated"),
        ("pt", "death", "Pode ser fatal.", "hypothetical"),
        ("pt", "analytics", "O Instituto Médico Legal ainda espera o laudo toxicológico.", "hypothetical"),
        ("nl", "control", "Het middel is vrij verkrijgbaar.", "negated"),
        ("nl", "response", "Er is geen tegengif.", "negated"),
        ("sv", "control", "Ämnet är fortfarande lagligt.", "negated"),
        ("sv", "death", "Tre personer har dött.", "affirmed"),
        ("da", "death", "Det kan være dødeligt.", "hypothetical"),
        ("da", "control", "Det er ikke lovligt.", "affirmed"),
        ("no", "supply", "Politiet frykter at stoffet er i omløp.", "hypothetical"),
        ("pl", "death", "Może doprowadzić do śmierci.", "hypothetical"),
        ("pl", "control", "Nie znajduje się na liście substancji zakazanych.", "negated"),
        ("cs", "control", "Látka je zatím legální.", "negated"),
        ("ru", "death", "Это может закончиться смертью.", "hypothetical"),
        ("ru", "control", "Вещество не входит в список наркотиков.", "negated"),
        ("fi", "dependence", "Siihen liittyy riippuvuuden mahdollisuus.", "hypothetical"),
        ("hu", "control", "A szer nem legális.", "affirmed"),
    ],
)
def test_the_rules_of_single_themes_hold_in_other_languages(
    language: str, theme: str, text: str, expected: str
) -> None:
    view = view_of(text, language=language)
    seen = concepts.scan(view)
    judged = assertion.judge_theme(theme, view.sentences[0], seen.sentences[0], seen.vocabulary)  # type: ignore[arg-type]
    assert judged.assertion == expected


CLAIMS = Path(__file__).parent / "data" / "assertion_claims.csv"


def _claims() -> list[tuple[str, str, str, str]]:
    with CLAIMS.open(encoding="utf-8", newline="") as lines:
        return [(r["theme"], r["language"], r["assertion"], r["text"]) for r in csv.DictReader(lines)]


@pytest.mark.parametrize(("theme", "language", "expected", "text"), _claims())
def test_what_is_denied_feared_or_advised_is_not_affirmed(theme: str, language: str, expected: str, text: str) -> None:
    view = view_of(text, language=language)
    seen = concepts.scan(view)
    judged = assertion.judge_theme(theme, view.sentences[0], seen.sentences[0], seen.vocabulary)  # type: ignore[arg-type]
    assert judged.assertion == expected


def test_the_longer_of_two_deciding_phrases_counts() -> None:
    def judged(text: str) -> str:
        view = view_of(text)
        seen = concepts.scan(view)
        return assertion.judge_theme("death", view.sentences[0], seen.sentences[0], seen.vocabulary).assertion

    assert judged("Two people died.") == "affirmed"
    assert judged("Nobody has died.") == "negated"  # "died" lies in it
    assert judged("It was not fatal.") == "negated"


def _scoped_cues() -> list[tuple[str, str, str]]:
    """(kind, language, cue) of every cue with a forward scope; the whole of the data is tried."""
    with (concepts.DATA / "assertion.csv").open(encoding="utf-8", newline="") as lines:
        rows = [r for r in csv.DictReader(lines) if r["kind"] in ("negation", "hypothetical", "historical", "other")]
    return [(r["kind"], r["language"], cue.strip()) for r in rows for cue in r["cues"].split("|")]


@pytest.mark.parametrize("language", sorted(concepts.languages()))
def test_every_cue_in_the_data_says_what_its_kind_says(language: str) -> None:
    says = {"negation": "negated", "hypothetical": "hypothetical", "historical": "historical", "other": "other"}
    for kind, of_language, cue in _scoped_cues():
        if of_language != language:
            continue
        text = f"{cue.strip('*')} XX"
        words = concepts.vocabulary(language)
        kinds = {words.meanings[c.meaning][0] for c in words.find(text)}
        assert kind in kinds, (kind, cue)
        if kinds == {kind}:
            found = verdict(text, language)
            assert {"historical": found.historical, "other": found.other}.get(kind, found.assertion == says[kind]), cue
