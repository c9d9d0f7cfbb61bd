"""Claims about the countries that a text is about."""

import csv

import pytest
from facts_views import view
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.errors import LexiconError
from tracker.tag import countries, lookup


@pytest.mark.parametrize(
    ("language", "text", "code"),
    [
        ("en", "The coroner in Leeds said two men died in Yorkshire after taking bromazolam.", "GB"),
        ("en", "Bromazolam is linked to deaths across Scotland, Public Health Scotland warns.", "GB"),
        ("en", "The MHRA and WEDINOS found nitazenes in fake tablets.", "GB"),
        ("en", "Police in Toronto seized 2,000 tablets of bromazolam.", "CA"),
        ("en", "Health Canada confirmed fentanyl in fake pills on Manitoulin Island.", "CA"),
        ("en", "Sheriff's deputies in Jackson, MI arrested two men with fentanyl.", "US"),
        ("en", "The DEA placed isotonitazene in schedule I of the Controlled Substances Act.", "US"),
        ("en", "The Central Narcotics Bureau lists four NPS under the Misuse of Drugs Act in Singapore.", "SG"),
        ("de", "In Österreich warnt man vor Nitazenen; in Wien starben zwei Menschen.", "AT"),
        ("fr", "L'ANSM alerte sur les nitazènes qui circulent en France.", "FR"),
        ("es", "La Guardia Civil detuvo en Ibiza a una mujer con 200 gramos de MDMA.", "ES"),
        ("it", "L'Istituto Superiore di Sanità avvisa dopo una morte a Milano per ocfentanil.", "IT"),
        ("pt", "A Polícia Federal apreendeu N-etilpentilona em Curitiba.", "BR"),
        ("nl", "Het Trimbos-instituut waarschuwt: in Utrecht zijn nitazenen gevonden.", "NL"),
        ("sv", "Folkhälsomyndigheten vill att fem ämnen klassas som narkotika i Sverige.", "SE"),
        ("da", "Sundhedsstyrelsen advarer om falske piller efter et dødsfald i Aarhus.", "DK"),
        ("no", "Politiet i Tromsø advarer mot falske tabletter etter tre dødsfall.", "NO"),
        ("fi", "Helsingissä löytyi alfa-PVP:tä, kertoo THL.", "FI"),
        ("pl", "W Sosnowcu zmarł 19-latek, który zażył dopalacze, podaje sanepid.", "PL"),
        ("ru", "В Москве и Екатеринбурге отравились спайсом.", "RU"),
        ("cs", "V Karlových Varech skončily děti po HHC v nemocnici.", "CZ"),
        ("hu", "Magyarországon két ember halt meg, Budapesten.", "HU"),
        ("is", "Lögreglan í Reykjavík varar við töflum.", "IS"),
    ],
)
def test_places_peoples_and_bodies_tell_the_country_in_each_language(language: str, text: str, code: str) -> None:
    assert countries.find(view(text, language=language)) == (code,)


@pytest.mark.parametrize(
    "text",
    [
        "VIENNA, Austria – June 2020: UNODC reports that etizolam appeared in 51 countries.",
        "Phenibut was made in Russia in the 1960s.",
        "New England Journal of Medicine: a trial of esketamine.",
        "The drug has no approved use.",
        "",
    ],
)
def test_seats_and_origins_are_no_places_of_events(text: str) -> None:
    assert countries.find(view(text)) == ()


def test_several_countries_are_told_apart() -> None:
    text = "Two people died in France, the police in Paris say. In Germany, police in Berlin report three deaths."
    assert set(countries.find(view(text))) == {"FR", "DE"}


def test_ambiguous_letters_count_only_as_written() -> None:
    assert countries.find(view("They gave us pills, as we all can tell.")) == ()


@settings(max_examples=50)
@given(st.text(max_size=120))
def test_any_text_gives_codes_of_two_capitals(text: str) -> None:
    assert all(len(c) == 2 and c.isupper() for c in countries.find(view(text)))


def test_every_code_of_the_table_is_one_of_the_standard() -> None:
    from tracker.text.codes import is_country

    with (lookup.DATA / "places.csv").open(encoding="utf-8", newline="") as handle:
        codes = {code for row in csv.DictReader(handle) for code in row["country"].split("|")}
    assert [code for code in sorted(codes - {"XK", "--"}) if not is_country(code)] == []


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("Leeds,gb,city,capital", "country 'gb'"),
        ("Leeds,GB,town,capital", "kind 'town'"),
        ("Leeds,GB,city,x", "case 'x'"),
    ],
)
def test_a_wrong_cell_of_the_table_is_named(tmp_path, monkeypatch, row: str, message: str) -> None:
    (tmp_path / "places.csv").write_text(f"phrase,country,kind,case\n{row}\n", encoding="utf-8")
    monkeypatch.setattr(lookup, "DATA", tmp_path)
    countries._places.cache_clear()
    try:
        with pytest.raises(LexiconError, match=message):
            countries._places()
    finally:
        countries._places.cache_clear()


def test_addresses_of_authors_yield_to_the_places_of_events() -> None:
    text = "Department of Forensic Chemistry, University of Lodz, Lodz, Poland\nTwo died in Stockholm, Sweden."
    assert countries.find(view(text)) == ("SE",)


def test_what_grows_in_a_list_of_countries_did_no_harm_there() -> None:
    text = "Kratom grows in Thailand, Malaysia and Indonesia. Two people died in Ohio, police in Ohio say."
    assert countries.find(view(text)) == ("US",)


@pytest.mark.parametrize(
    "text",
    [
        "Two men died in Leeds, police in Leeds say. The tablets had been ordered from India.",
        "A coroner in Leeds heard how a man died of etizolam. It is a prescribed medicine in Japan and Italy.",
    ],
)
def test_where_a_drug_comes_from_or_is_a_medicine_is_not_where_it_killed(text: str) -> None:
    assert countries.find(view(text)) == ("GB",)


@pytest.mark.parametrize(
    ("language", "text", "codes"),
    [
        ("en", "Police in Queensland seized 2,000 tablets; Queensland Health warns.", ("AU",)),
        ("en", "New Jersey Police seized fentanyl, New Jersey State Police say.", ("US",)),
        ("fr", "Que faire en cas d'urgence ? Appelez le 15 ; en France les secours viennent.", ("FR",)),
        ("de", "Mischkonsum ist Russisch Roulette, sagt die Polizei in Basel.", ("CH",)),
        ("en", "LISBON, Portugal - October 2016: the EMCDDA reports that two people died in Estonia.", ("EE",)),
    ],
)
def test_names_within_other_names_and_common_words_are_no_places(language: str, text: str, codes: object) -> None:
    assert countries.find(view(text, language=language)) == codes
