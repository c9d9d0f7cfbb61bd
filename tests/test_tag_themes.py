"""Themes: evidence is an exact slice, words in another sense are none, data is checked when loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracker.errors import LexiconError
from tracker.lexicon import load
from tracker.model import Tags
from tracker.tag import Tagger, concepts, theme_model
from tracker.tag.concepts import THEMES

TAGGER = Tagger(load())


def tags(text: str, language: str = "en", title: str | None = None) -> Tags:
    return TAGGER.tag(text, language=language, title=title)


def themes(text: str, language: str = "en", title: str | None = None) -> dict[str, str]:
    return {t.theme: t.assertion for t in tags(text, language, title).themes}


@pytest.mark.parametrize(
    ("theme", "language", "text"),
    [
        ("death", "en", "Three people died after taking bromazolam, the coroner said."),
        ("poisoning", "en", "Two patients with a bromazolam overdose were taken to hospital unconscious."),
        ("dependence", "en", "Bromazolam is addictive and withdrawal is severe; some need detox."),
        ("polydrug", "en", "Most had taken bromazolam with alcohol or other opioids; mixing them raises the risk."),
        ("adulteration", "en", "The heroin had been cut with bromazolam and was sold as heroin."),
        ("counterfeit", "en", "Counterfeit Xanax tablets that look like the real thing held bromazolam."),
        ("potency", "en", "Metonitazene is an extremely potent opioid, 100 times stronger than morphine."),
        ("supply", "en", "Police seized 3 kg of metonitazene that was sold online."),
        ("control", "en", "Bromazolam was placed in schedule I of the Controlled Substances Act."),
        ("emergence", "en", "Metonitazene was detected for the first time in Europe, a new drug on the market."),
        ("analytics", "en", "Blood samples tested positive for bromazolam by LC-MS/MS in the laboratory."),
        ("vulnerable", "en", "Prisoners and teenagers at school use MDMB-4en-PINACA."),
        ("impairment", "en", "Twelve drivers were stopped for driving under the influence of etizolam."),
        ("mental_health", "en", "Users of MDPV had psychosis, paranoia and hallucinations."),
        ("response", "en", "Call 911 and give naloxone; the health department has issued an alert on metonitazene."),
        ("prevalence", "en", "A survey found that 4% of students had used ketamine in the past year, up from 2%."),
        ("pharmacology", "en", "Bromazolam binds to GABA-A receptors and is metabolised by CYP3A4."),
        ("death", "de", "Zwei Männer starben an Bromazolam, die Obduktion bestätigte die Todesursache."),
        ("death", "fr", "Deux personnes sont mortes après avoir pris du bromazolam."),
        ("death", "es", "Dos personas murieron tras consumir bromazolam."),
        ("supply", "it", "La polizia ha sequestrato due chili di metonitazene, venduto online."),
        ("control", "sv", "Bromazolam narkotikaklassas från den 28 juli och blir förbjudet."),
        ("poisoning", "pl", "Po zażyciu 4-CMC pacjent trafił do szpitala z zatruciem i drgawkami."),
        ("supply", "nl", "De politie heeft drie kilo 3-MMC in beslag genomen dat online werd verkocht."),
        ("death", "ru", "Два человека умерли после употребления метонитазена."),
    ],
)
def test_a_plain_sentence_has_its_theme(theme: str, language: str, text: str) -> None:
    assert themes(text, language).get(theme) == "affirmed"


@pytest.mark.parametrize(
    "text",
    [
        "The council approved job cuts; protests against the ban on parking changed nothing.",
        "A spike in sales was followed by the death of a rumour.",
        "She had two epileptic seizures and was taken to hospital, where she died.",
        "Carbon monoxide poisoning killed two people last winter; call 911.",
        "Measles is on the rise among children; an alert was issued.",
        "",
    ],
)
def test_a_text_without_any_drug_has_no_theme(text: str) -> None:
    assert themes(text) == {}


@pytest.mark.parametrize(
    ("theme", "text"),
    [
        ("supply", "The patient on etizolam had three seizures with convulsions before he was intubated."),
        ("control", "In this randomized controlled trial ketamine was compared with placebo."),
        ("response", "Figures of the UNODC Early Warning Advisory show etizolam in blood samples."),
        ("dependence", "Diazepam is used in acute alcohol withdrawal."),
    ],
)
def test_words_in_another_sense_are_no_evidence(theme: str, text: str) -> None:
    assert theme not in themes(text)


def test_evidence_is_the_slice_and_names_what_it_is_about_and_why() -> None:
    text = "Etizolam is common.\nTwo men died after taking bromazolam.\nPolice seized 200 tablets of it."
    found = tags(text, title="Bromazolam deaths").themes
    for theme in found:
        assert text[theme.start : theme.end] == theme.evidence
        assert theme.field == "text"
        assert theme.rule
    death = next(t for t in found if t.theme == "death")
    assert death.evidence == "Two men died after taking bromazolam."
    assert death.substances == ("bromazolam",)
    assert death.rule.startswith("death.")


def test_a_sentence_without_a_name_is_about_the_names_before_it() -> None:
    found = tags("Police found bromazolam in fake pills.\nTwo men died of it in hospital.").themes
    assert next(t for t in found if t.theme == "death").substances == ("bromazolam",)


def test_themes_come_once_each_in_the_order_of_the_contract() -> None:
    text = "Two men died of bromazolam. One more died of metonitazene. Police seized fake pills sold online."
    found = [t.theme for t in tags(text).themes]
    assert found == [t for t in THEMES if t in found]


def test_affirmed_wins_over_doubt_in_another_sentence() -> None:
    text = "Metonitazene can be fatal. Three people died of metonitazene in May."
    assert themes(text)["death"] == "affirmed"


def test_a_text_with_a_title_alone_is_read_by_its_title() -> None:
    found = tags("", title="Two men died of bromazolam").themes
    assert all(t.field == "title" for t in found)


def test_cost_grows_linearly_with_the_text() -> None:
    text = "Two men died of bromazolam in hospital. Police seized 3 kg. " * 2000
    assert themes(text)["death"] == "affirmed"  # 120,000 characters: a quadratic step would not come back


# --- data ------------------------------------------------------------------------------------------------------------


def test_every_theme_has_strong_cues_in_every_main_language() -> None:
    for language in ("en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "no", "pl", "cs", "ru"):
        words = concepts.vocabulary(language)
        strong = {m.theme for m in words.meanings if isinstance(m, concepts.Concept) and m.strength == 3}
        assert strong >= set(THEMES) - {"counterfeit"}, language
        assert "counterfeit" in {m.theme for m in words.meanings if isinstance(m, concepts.Concept)}


def test_folding_keeps_every_character_in_its_place() -> None:
    text = "İstanbul: TÖDLICHE Überdosis – 37% «naïve» smierć Ł ß æ １"
    assert len(concepts.fold(text)) == len(text) + 2
    assert "todliche uberdosis" in concepts.fold(text)


@pytest.mark.parametrize(
    ("language", "text", "concept"),
    [
        ("da", "Det er 40 gange stærkere end morfin.", "potency.potent"),
        ("da", "Stoffet er stærkt afhængighedsskabende.", "dependence.addict"),
        ("da", "Pillerne sælges som oxycodon.", "adulteration.soldas"),
        ("de", "Auf der Straße ist es billig.", "supply.spread"),
        ("ro", "Doi tineri au ajuns la spital în comă.", "poisoning.hospital"),
        ("tr", "Polis 3 kilo bonzai ele geçirdi.", "supply.seize"),
        ("el", "Δύο άνθρωποι πέθαναν από τα ναρκωτικά.", "death.fact"),
        ("hr", "Nova droga pojavila se prvi put.", "emergence.first"),
        ("sr", "Policija je zaplenila tablete.", "supply.seize"),
        ("sl", "V Mariboru so zaznali lažni ketamin.", "counterfeit.fake"),
        ("et", "Politsei leidis fentanüüli, kaks inimest suri.", "death.fact"),
        ("lt", "Du žmonės mirė, kiti pateko į ligoninę.", "death.fact"),
        ("lv", "Vīrietis miris pēc pārdozēšanas.", "poisoning.overdose"),
        ("sk", "Zomřel po předávkování.", "poisoning.overdose"),
    ],
)
def test_words_are_found_in_the_spelling_of_their_language(language: str, text: str, concept: str) -> None:
    words = concepts.vocabulary(language)
    found = {m.key for c in words.find(text) if isinstance(m := words.meanings[c.meaning], concepts.Concept)}
    assert concept in found


@pytest.mark.parametrize("language", sorted(concepts.languages()))
def test_every_cue_finds_itself(language: str) -> None:
    words = concepts.vocabulary(language)
    rows = [(meaning, cue) for meaning, cues in concepts._rows()[language] for cue in cues]
    masks = [cue for meaning, cue in rows if meaning[0] == "mask"]
    for meaning, cue in rows:
        text = cue.strip("*")
        if any(text in mask and text != mask for mask in masks) or meaning[0] == "mask":
            continue
        found = [c for c in words.find(f"x {text} x") if words.meanings[c.meaning] == meaning]
        if not found:
            assert any(mask.strip("*") in text for mask in masks), cue
        assert all(f"x {text} x"[c.start : c.end] for c in found)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("deth,fact,3,en,died", "unknown theme"),
        ("death,fact,9,en,died", "strength"),
        ("death,fact,3,en,died | | dead", "empty cue"),
        ("death,fact,3,en,di*ed", "star inside"),
        ("death,fact,3,en", "5 fields"),
        ("death,fact,3,en,died\ndeath,fact,2,de,starb", "in a row above"),
    ],
)
def test_a_bad_row_of_cues_is_refused_with_its_line(
    row: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cues.csv").write_text(f"theme,concept,strength,language,cues\n{row}\n", "utf-8")
    (tmp_path / "assertion.csv").write_text("kind,theme,language,cues\n", "utf-8")
    monkeypatch.setattr(concepts, "DATA", tmp_path)
    with pytest.raises(LexiconError, match=message) as error:
        concepts._rows.__wrapped__()
    assert "line " in str(error.value)


@pytest.mark.parametrize("content", ["", "{}", '{"themes": []}'])
def test_damaged_weights_are_refused_with_what_to_do(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(theme_model, "MODEL", tmp_path / "model.json")
    (tmp_path / "model.json").write_text(content, "utf-8")
    with pytest.raises(LexiconError, match=r"training\.fit"):
        theme_model.model.__wrapped__()


def test_shipped_weights_are_small() -> None:
    assert sum(path.stat().st_size for path in concepts.DATA.iterdir()) < 5_000_000


def test_a_long_text_full_of_masking_phrases_is_read_in_linear_time() -> None:
    text = "An early warning advisory on bromazolam; a randomized controlled trial; they call it job cuts. " * 4000
    assert concepts.vocabulary("en").find(text)  # 380,000 characters with 16,000 masks


def test_a_cue_as_long_as_its_mask_stays_and_shorter_ones_go() -> None:
    words = concepts.vocabulary("en")
    found = {words.meanings[c.meaning][:2] for c in words.find("It is sold as incense.")}
    assert ("supply", "sale") in found
    assert ("adulteration", "soldas") not in found
