"""What plain words of a question mean beside themselves: risk themes, nationalities. A word is always looked for as a
word too.

Only words that say what the theme says stand here: one that is narrower (`prison`, `psychosis`, `wastewater`) would
drown its own hits in those of the whole theme.
"""

from __future__ import annotations

from collections.abc import Mapping

_THEMES = {
    "death": "dead died dying deadly fatal fatality fatalities lethal mortality deceased killed",
    "poisoning": "overdose overdoses overdosed intoxication intoxications intoxicated poisoned toxicity",
    "dependence": "addiction addicted addictive dependency dependent withdrawal",
    "polydrug": "co-use coingestion co-ingestion polysubstance",
    "adulteration": "adulterated adulterant adulterants laced mis-sold missold",
    "counterfeit": "counterfeited fake fakes falsified bogus",
    "potency": "potent strength",
    "supply": "trafficking trafficked smuggling smuggled seizure seizures seized market markets sale sales",
    "control": "ban bans banned scheduling scheduled controlled outlawed legislation legality",
    "emergence": "emerging emerged",
    "impairment": "driving drivers driver impaired dui spiking",
    "prevalence": "prevalent trend trends survey surveys",
    "pharmacology": "pharmacological pharmacokinetics pharmacokinetic metabolism metabolites receptor",
}
_MANY = {"sold": ("supply", "adulteration", "counterfeit"), "selling": ("supply",)}
_PEOPLE = {
    "GB": "british english scottish welsh", "IE": "irish", "US": "american", "CA": "canadian", "AU": "australian",
    "DE": "german", "FR": "french", "NL": "dutch holland", "SE": "swedish", "NO": "norwegian", "FI": "finnish",
    "DK": "danish", "EE": "estonian", "LV": "latvian", "LT": "lithuanian", "PL": "polish", "ES": "spanish",
    "IT": "italian", "PT": "portuguese", "BE": "belgian", "CH": "swiss", "AT": "austrian", "CN": "chinese",
    "JP": "japanese", "NZ": "kiwi", "BR": "brazilian", "MX": "mexican",
}  # fmt: skip
_CODES = {"US": "US", "U.S.": "US", "USA": "US", "UK": "GB", "U.K.": "GB"}  # written large: "us" is a pronoun

THEMES: Mapping[str, tuple[str, ...]] = {
    **{word: (theme,) for theme, words in _THEMES.items() for word in words.split()},
    **_MANY,
}
PEOPLE: Mapping[str, str] = {word: code for code, words in _PEOPLE.items() for word in words.split()}


def themes(word: str) -> tuple[str, ...]:
    """Risk themes that an unquoted word stands for."""
    return THEMES.get(word.lower(), ())


def country(word: str) -> str | None:
    """ISO code of the country that an unquoted word stands for, where it is not the country's name."""
    return _CODES.get(word) or PEOPLE.get(word.lower())
