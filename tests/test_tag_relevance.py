"""Claims about what an analyst of new psychoactive substances would keep, and why."""

import pytest
from facts_views import tagger

from tracker.model import Tags


def tags(text: str, title: str = "", url: str | None = None, language: str = "en") -> Tags:
    return tagger().tag(text, title=title, url=url, language=language)


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("", "Bromazolam was found in tablets sold as Xanax; two people died of an overdose."),
        ("Nitazenes", "Three people overdosed on nitazenes in one week, the health department warns."),
        ("", "Xylazine is found more and more in the illicit opioid supply; wounds and overdose deaths are reported."),
        ("", "Tianeptine, sold at gas stations, was linked to overdoses and withdrawal."),
        ("", "Police seized counterfeit alprazolam bars pressed with fentanyl; two teenagers died after an overdose."),
        (
            "Drink spiking",
            "Victims of drug-facilitated sexual assault tested positive for GHB after their drinks were spiked.",
        ),
        ("", "Nitrous oxide abuse is growing; users of laughing gas canisters presented with nerve damage."),
        ("", "Deaths from fentanyl and its analogues rose by 40 percent; coroners warn of an overdose crisis."),
        ("", "Medetomidine emerges in the Philly drug market, complicating overdose response."),
        (
            "Warning",
            "Fake pills are in circulation. Three teenagers went to hospital after an overdose of an unknown drug.",
        ),
        ("", "Prisoners smoke paper soaked in spice; a synthetic cannabinoid was found in the blood of the dead."),
    ],
)
def test_news_of_new_substances_and_of_misuse_is_kept(title: str, text: str) -> None:
    assert tags(text, title).relevant


@pytest.mark.parametrize(
    ("title", "text"),
    [
        (
            "Diazepam tablets: patient leaflet",
            "Keep this leaflet. Diazepam is used to treat anxiety. Ask your doctor or pharmacist about side effects.",
        ),
        (
            "Xylazine in horses",
            "Vets use xylazine as a sedative for horses. The horse's head sinks. Dogs and cats need less.",
        ),
        (
            "Ketamine infusions for depression",
            "Our clinic treats refractory depression with ketamine infusions. In a trial the nasal spray worked.",
        ),
        (
            "Pumpkin spice recipe",
            "Mix cinnamon, nutmeg and cloves for the pumpkin spice; the recipe needs two tablespoons.",
        ),
        ("Climbers die on K2", "An avalanche killed two climbers below the summit of K2, the peak on the border."),
        (
            "What is NPS?",
            "Net promoter score (NPS) tells how loyal customers are. Ask whether they would recommend you.",
        ),
        ("Fake sneakers", "Customs seized counterfeit sneakers and handbags worth two million; fakes are sold online."),
        ("", ""),
    ],
)
def test_prescribing_animals_and_look_alikes_are_not_kept(title: str, text: str) -> None:
    assert not tags(text, title).relevant


def test_the_score_is_a_probability_on_the_side_of_the_answer() -> None:
    kept = tags("Bromazolam was seized in a prison; two inmates overdosed on the new designer benzodiazepine.")
    left = tags(
        "Keep this leaflet. Ask your doctor or pharmacist how to take diazepam tablets. Side effects: drowsiness."
    )
    assert 0.5 <= kept.relevance <= 1.0
    assert 0.0 <= left.relevance < 0.5


def test_the_reasons_are_words_that_fit_the_answer() -> None:
    kept = tags("Bromazolam was seized in a prison; two inmates overdosed.")
    assert "names a new psychoactive substance" in kept.reasons
    left = tags("A horse was given xylazine; horses, dogs and cats are sedated by the vet. Animals wake slowly.")
    assert any("animals" in reason or "veterinary" in reason for reason in left.reasons)


def test_where_nothing_is_named_the_score_stays_low() -> None:
    found = tags(
        "Police seized a large haul of counterfeit goods; dealers were arrested, two people died.", "Fakes seized"
    )
    assert found.relevance <= 0.3
    assert "names no psychoactive drug" in found.reasons


@pytest.mark.parametrize(
    ("text", "nothing"),
    [
        ("The council approved job cuts.", True),
        ("Fake pills led to an overdose of an unknown drug.", False),
        ("Bromazolam was found.", False),
        ("A newazolam was found.", False),
        ("Nitazene wurden gefunden.", False),
    ],
)
def test_what_says_nothing_of_drugs_is_never_kept(text: str, nothing: bool) -> None:
    assert tagger().says_nothing(text, language="en") is nothing
    assert not (nothing and tags(text).relevant)


def test_rehab_copy_on_a_new_substance_is_marketing_and_kept() -> None:
    text = (
        "Flunitrazolam is a designer drug, a designer benzodiazepine. Our treatment center offers detox. "
        "Call us now; we treat addiction, verify your insurance."
    )
    found = tags(text, "Flunitrazolam addiction treatment", "https://www.recovery-center.example/flunitrazolam")
    assert (found.doctype, found.relevant) == ("marketing", True)
