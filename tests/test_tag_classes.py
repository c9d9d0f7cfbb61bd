"""Claims about the words for classes of substances."""

import pytest
from facts_views import tagger, view
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.lexicon import load
from tracker.tag.classes import ClassFinder

FINDER = ClassFinder(load())


def classes(text: str) -> list[tuple[str, str]]:
    return [(m.cls, m.surface) for m in view(text).class_mentions if m.field == "text"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Three synthetic opioids were found.", [("synthetic_opioid", "synthetic opioids")]),
        ("Other opioids and opiates.", [("opioid", "opioids"), ("opioid", "opiates")]),
        ("A fentanyl analog was sold.", [("fentanyl_analogue", "fentanyl analog")]),
        (
            "Novel benzodiazepines and street benzos.",
            [("designer_benzodiazepine", "Novel benzodiazepines"), ("benzodiazepine", "street benzos")],
        ),
        (
            "New psychoactive substances (NPS).",
            [("new_psychoactive_substance", "New psychoactive substances"), ("new_psychoactive_substance", "NPS")],
        ),
        (
            "synthetic cannabinoid receptor agonists (SCRAs)",
            [("synthetic_cannabinoid", "synthetic cannabinoid receptor agonists"), ("synthetic_cannabinoid", "SCRAs")],
        ),
        ("A veterinary sedative.", [("sedative", "veterinary sedative")]),
    ],
)
def test_class_words_are_named_as_in_the_lexicon(text: str, expected: list[tuple[str, str]]) -> None:
    assert classes(text) == expected


@pytest.mark.parametrize(
    ("language", "text", "cls"),
    [
        ("de", "Nitazene und neue psychoaktive Stoffe", "nitazene"),
        ("fr", "de nouveaux opioïdes de synthèse", "synthetic_opioid"),
        ("es", "los cannabinoides sintéticos", "synthetic_cannabinoid"),
        ("it", "un oppioide sintetico", "synthetic_opioid"),
        ("pt", "a maconha sintética apreendida", "synthetic_cannabinoid"),
        ("nl", "synthetische opioïden en nitazenen", "nitazene"),
        ("sv", "de syntetiska katinonerna och katinoner", "synthetic_cathinone"),
        ("da", "fentanyl-analogerne var stærke", "fentanyl_analogue"),
        ("no", "syntetiske opioider", "synthetic_opioid"),
        ("fi", "muuntohuumeita löytyi", "new_psychoactive_substance"),
        ("pl", "ofiary dopalaczy", "new_psychoactive_substance"),
        ("ru", "курительных смесей", "synthetic_cannabinoid"),
        ("cs", "nových psychoaktivních látek", "new_psychoactive_substance"),
        ("hu", "szintetikus kannabinoidok", "synthetic_cannabinoid"),
        ("tr", "sentetik kannabinoidler", "synthetic_cannabinoid"),
    ],
)
def test_class_words_are_found_in_each_language(language: str, text: str, cls: str) -> None:
    assert cls in {m.cls for m in FINDER.find("text", text, [])}


@pytest.mark.parametrize(
    "text",
    [
        "Pumpkin spice, nutmeg and cinnamon for the cake.",
        "The Spice Girls go on tour again.",
        "Climbers died on K2, the second highest peak of the Karakoram.",
        "Our NPS asks customers whether they would recommend us.",
        "Epsom bath salts are good for sore muscles.",
        "The black mamba is a snake; its venom kills.",
        "Its sedative effect wears off; the depressant action does not.",
    ],
)
def test_look_alikes_and_adjectives_of_effect_are_no_classes(text: str) -> None:
    assert classes(text) == []


@pytest.mark.parametrize(
    ("text", "cls"),
    [
        ("Prisoners smoke spice, and many overdosed on the drug.", "synthetic_cannabinoid"),
        ("Police seized K2 laced with a stronger drug.", "synthetic_cannabinoid"),
        ("The cathinone family, known as bath salts.", "synthetic_cathinone"),
    ],
)
def test_doubtful_words_count_where_the_talk_is_of_drugs(text: str, cls: str) -> None:
    assert cls in {c for c, _ in classes(text)}


def test_a_class_word_inside_the_name_of_a_substance_is_none() -> None:
    text = "A new fentanyl: benzodioxole fentanyl."
    assert all(not (h.start <= m.start and m.end <= h.end) for m in view(text).class_mentions for h in view(text).hits)


@settings(max_examples=60)
@given(st.text(max_size=40), st.text(max_size=40))
def test_each_mention_is_the_slice_of_its_field(before: str, after: str) -> None:
    text = f"{before} designer benzodiazepines {after}"
    found = FINDER.find("text", text, [])
    assert all(m.surface == text[m.start : m.end] for m in found)


def test_classes_of_words_and_substances_stand_in_the_tags() -> None:
    tags = tagger().tag("Bromazolam is a designer benzodiazepine among synthetic opioids.", language="en")
    assert tags.classes == ("designer_benzodiazepine", "synthetic_opioid")
