"""Claims about the language of texts that do not declare it."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.text.language import detect_language

SAMPLES = {
    "en": "Police in two towns warned of tablets sold as a sleeping medicine that hold something far stronger.",
    "de": "Die Behörde warnt vor gefälschten Tabletten, die einen viel stärkeren Wirkstoff enthalten als angegeben.",
    "fr": "Les autorités sanitaires mettent en garde contre des comprimés contrefaits vendus dans la rue.",
    "es": "La policía alerta sobre unas pastillas falsas que contienen una sustancia mucho más potente.",
    "it": "La polizia avverte che alcune compresse false contengono una sostanza molto più potente.",
    "pt": "As autoridades de saúde alertam para comprimidos falsos que contêm uma substância mais forte.",
    "nl": "De politie waarschuwt voor valse pillen waarin een veel sterkere stof is aangetroffen.",
    "sv": "Polisen varnar för falska tabletter som innehåller ett betydligt starkare ämne än vad som sägs.",
    "da": "Sundhedsstyrelsen advarer mod falske piller, der indeholder et langt stærkere stof end angivet.",
    "no": "Politiet advarer mot falske tabletter som inneholder et mye sterkere stoff enn det som er oppgitt.",
    "fi": "Poliisi varoittaa väärennetyistä tableteista, jotka sisältävät paljon vahvempaa ainetta.",
    "pl": "Policja ostrzega przed fałszywymi tabletkami, które zawierają znacznie silniejszą substancję.",
    "ru": "Полиция предупреждает о поддельных таблетках, содержащих гораздо более сильное вещество.",
    "cs": "Policie varuje před padělanými tabletami, které obsahují mnohem silnější látku.",
    "hu": "A rendőrség hamis tablettákra figyelmeztet, amelyek sokkal erősebb hatóanyagot tartalmaznak.",
}


@pytest.mark.parametrize(("code", "text"), SAMPLES.items())
def test_each_watched_language_is_told(code: str, text: str) -> None:
    assert detect_language(text) == code


@pytest.mark.parametrize("text", ["", "   \n ", "12.5 mg (2)", "https://example.org/de/page", "a@example.org", "5 g"])
def test_too_little_text_has_no_language(text: str) -> None:
    assert detect_language(text) is None


def test_an_address_at_the_head_does_not_decide() -> None:
    assert detect_language("https://www.example.org/this-is-the-warning-of-the-police " + SAMPLES["de"]) == "de"


def test_only_the_head_is_looked_at() -> None:
    assert detect_language(SAMPLES["sv"] * 4 + SAMPLES["ru"] * 10_000) == "sv"


@settings(deadline=None)  # the first text loads the model
@given(st.text(max_size=400))
def test_any_text_gives_a_two_letter_code_or_none(text: str) -> None:
    code = detect_language(text)
    assert code is None or (len(code) == 2 and code.isalpha() and code.islower())


def test_importing_does_not_load_the_model() -> None:
    script = "import sys; import tracker.text.language; sys.exit('py3langid' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
