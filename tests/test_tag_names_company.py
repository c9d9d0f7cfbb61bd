"""Street names, codes and words with other meanings count only in the right company."""

from __future__ import annotations

import pytest

from tracker.lexicon import load
from tracker.tag.names import NameFinder

FINDER = NameFinder(load())


def names(text: str, named: frozenset[str] = frozenset()) -> set[str]:
    return {h.name for h in FINDER.find("text", text, named=named)[0] if h.reported}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Police seized weed and pills.", "cannabis"),
        ("Bromazolam, known as brom, was found.", "bromazolam"),
        ("They sold cocaine, speed and ecstasy.", "amphetamine"),
        ("The psychedelic drug DOC was in the pill.", "doc"),
        ("isotonitazene (ISO) was detected", "isotonitazene"),
        ("tranq, a drug mixed with fentanyl", "xylazine"),
        ("He took molly, cocaine and ketamine.", "mdma"),
        ("Xanax bars held alprazolam.", "alprazolam"),
        ("«uppers» (ecstasy, speed…) avec des «downers» : l'overdose", "amphetamine"),
        ("É vendida como ecstasy ou anfetaminas.", "mdma"),
        ("They warn of fake Adderall pills with fentanyl.", "amphetamine"),
        ("Deaths from fentanyl and its analogues rose.", "fentanyl"),
    ],
)
def test_doubtful_names_count_among_drugs(text: str, name: str) -> None:
    assert name in names(text)


@pytest.mark.parametrize(
    "text",
    [
        "Pumpkin spice and a K2 peak in crystal clear weather.",
        "The molly fish and the black molly need warm water.",
        "Saint Teresa speaks of the ecstasy of the soul.",
        "Patience is worth something, but so is speed.",
        "They met the doc on the net and got 5 g of ice.",
        "We smoke fish; the pot is on the stove.",
        "Guide to the Performance Co-Pilot (PCP) toolkit. PCP logs are rotated.",
        "See DOI 10.1007/s11419-016-0338-5 for the drug paper.",
        "The hash of the file and a PHP port; TCP and DOM nodes, 2FA, 4-Mar-2021.",
        "Special K-means and E4 B1 A2; the LAD, a PCE.",
        "Concerts in Pasadena; the meridian; Dmitry Mastrukov; Damian; Garmin.",
        "Creative creating morphism preceded meridian.",
        "L'après-midi, il est à 12 h; e-cigarettes; X. et L. 5132.",
        "Hvad koster det? Af de ti; wat doet men; mede af uit cijfers.",
        "amino acid, acid reflux, acid rain",
        "The alkaloids of the plant.5,6 Its use as a drug is old.",
        "Precursors: a list of fentanyl precursors and of drugs",
        "The drug dealer kept hydrochloric acid and a fatty acid.",
        "Egy szintetikus LSD-származék a drogok között",
        "the national co-ordinator for drugs and alcohol",
        "an Opium Wars museum and the Black Opium perfume",
    ],
)
def test_words_of_other_things_are_no_mentions(text: str) -> None:
    assert names(text) == set()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Misuse of Drugs Act (MDA): MDA schedules cocaine.", {"cocaine"}),
        ("The drug MDA was found with cocaine.", {"mda", "cocaine"}),
        ("Canadian Broadcasting Corporation (CBC) on xylazine, the drug.", {"xylazine"}),
        ("lumpy skin disease (LSD) in cattle; LSD vaccine", set()),
        ("lysergic acid diethylamide (LSD)", {"lsd"}),
        ("central business district (CBD), the drug market near the CBD", set()),
    ],
)
def test_capitals_that_the_text_spells_out_otherwise_are_no_drug(text: str, left: set[str]) -> None:
    assert names(text) == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("fentanyl analogues and fentanyl", {"fentanyl"}),
        ("a fentanyl analog", set()),
        ("fentanyl-related substances", set()),
        ("los análogos del fentanilo", set()),
        ("fentanyle analogi i fentanyls", set()),
        ("opium poppy seeds", set()),
        ("synthetic cathinones such as cathinone itself", {"cathinone"}),
        ("a synthetic cathinone", set()),
        ("19 cathinones; les cathinones", set()),
        ("synthetic marijuana called K2", set()),
        ("une eroina sintetica", set()),
        ("amphetamines and other stimulants", set()),
        ("amphetamine-type stimulants", set()),
        ("pink cocaine, also known as tusi", set()),
        ("NMDA receptor antagonists and ketamine", {"ketamine"}),
        ("cannabinoid receptor", set()),
        ("nitazenes are potent; a nitazene", set()),
    ],
)
def test_class_phrases_and_imitations_are_no_mentions(text: str, left: set[str]) -> None:
    assert names(f"Drugs: {text}.") == left


def test_what_another_field_names_supports_a_doubtful_name() -> None:
    assert names("More brom on the streets") == set()
    assert names("More brom on the streets", frozenset({"bromazolam"})) == {"bromazolam"}


def test_a_longer_phrase_hides_the_name_inside_it() -> None:
    assert names("Cocaine, not pink cocaine, was seized.") == {"cocaine"}
