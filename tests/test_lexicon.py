"""The shipped knowledge base is sound, and loading says exactly what is wrong with an edited one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tracker.errors import LexiconError
from tracker.lexicon import Lexicon, check, diff, load
from tracker.lexicon.check import cas_is_valid
from tracker.lexicon.load import DATA


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return load()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DATA, tmp_path / "data"))


def replace_in(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_shipped_data_have_no_finding(lexicon: Lexicon) -> None:
    assert check(lexicon) == []


def test_the_shipped_data_hold_thousands_of_names(lexicon: Lexicon) -> None:
    assert len(lexicon.substances) > 2000
    assert sum(1 for _ in lexicon.surfaces()) > 7000


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("Xanax", "alprazolam"),
        ("dexmedetomidine", "medetomidine"),
        ("marijuana", "cannabis"),
        ("delta-9-THC", "thc"),
        ("esketamine", "ketamine"),
        ("sodium oxybate", "ghb"),
        ("8-aminoclonazolam", "clonazolam"),
        ("benzoylecgonine", "cocaine"),
        ("mitragynine", "kratom"),
        ("MAB-CHMINACA", "adb-chminaca"),
        ("diamorphine", "heroin"),
        ("ecstasy", "mdma"),
        ("etonitazepyne", "n-pyrrolidino etonitazene"),
        ("5F-ADB", "5f-mdmb-pinaca"),
    ],
)
def test_names_that_are_one_substance_are_folded_together(lexicon: Lexicon, name: str, canonical: str) -> None:
    found = lexicon.find(name)
    assert found is not None
    assert found.name == canonical


@pytest.mark.parametrize(
    "name", ["nordiazepam", "delorazepam", "desalkylflurazepam", "o-desmethyltramadol", "n-desethyl isotonitazene"]
)
def test_active_metabolites_stay_drugs_of_their_own(lexicon: Lexicon, name: str) -> None:
    assert lexicon.substances[name].reported


@pytest.mark.parametrize(
    "name",
    ["alcohol", "naloxone", "flumazenil", "caffeine", "nicotine", "lidocaine", "benzocaine", "procaine", "paracetamol",
     "levamisole", "atipamezole"],
)  # fmt: skip
def test_antidotes_and_cutting_agents_are_context_only(lexicon: Lexicon, name: str) -> None:
    assert name in lexicon.context


@pytest.mark.parametrize(
    "name",
    ["sertraline", "amitriptyline", "quetiapine", "olanzapine", "haloperidol", "pregabalin", "propofol", "clonidine",
     "lithium", "kava", "khat", "pseudoephedrine", "diphenhydramine", "zolpidem"],
)  # fmt: skip
def test_ordinary_psychoactive_medicines_are_known_and_not_new(lexicon: Lexicon, name: str) -> None:
    substance = lexicon.substances[name]
    assert substance.reported
    assert substance.nps is (name in ("kava", "khat"))


@pytest.mark.parametrize(
    ("number", "valid"), [("28981-97-7", True), ("28981-97-8", False), ("28981977", False), ("", False)]
)
def test_cas_numbers_are_told_by_form_and_check_digit(number: str, valid: bool) -> None:
    assert cas_is_valid(number) is valid


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("substances.csv", "name,class", "nom,class", "substances.csv, header: column 'name' is missing"),
        ("aliases.csv", "alprazolam,xanax,brand", "alprazolam,xanax,sweet", "kind: 'sweet' is none of"),
        ("aliases.csv", "alprazolam,xanax,brand", "alprazolamm,xanax,brand", "'alprazolamm' is not in substances.csv"),
        ("aliases.csv", "alprazolam,xanax,brand", "alprazolam,,brand", "alias: is empty"),
        ("classes.csv", "class,word", "class;word", "classes.csv, header"),
    ],
)
def test_a_wrong_edit_is_named_with_its_place(data: Path, file: str, old: str, new: str, message: str) -> None:
    replace_in(data / file, old, new)
    with pytest.raises(LexiconError) as error:
        load(data=data)
    assert message in str(error.value)


def test_a_file_that_is_not_utf8_is_told_so(data: Path) -> None:
    (data / "aliases.csv").write_bytes("name,alias\nmdma,\xe9cstasy".encode("latin-1"))
    with pytest.raises(LexiconError, match=r"aliases\.csv: cannot be read as UTF-8"):
        load(data=data)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("substances.csv", "28981-97-7", "28981-97-8", "alprazolam: CAS '28981-97-8' has a wrong form or check digit"),
        ("substances.csv", "alprazolam,benzodiazepine,", "alprazolam,benzo,", "alprazolam: class 'benzo' is unknown"),
        (
            "aliases.csv",
            "alprazolam,xanax,",
            "diazepam,xanor,brand,,\nalprazolam,xanax,",
            "points to alprazolam, diazepam",
        ),
    ],
)
def test_check_names_what_is_wrong(data: Path, file: str, old: str, new: str, message: str) -> None:
    replace_in(data / file, old, new)
    found = check(load(data=data))
    assert any(message in line for line in found), found


def test_a_short_word_without_doubt_is_a_finding(data: Path) -> None:
    with (data / "aliases.csv").open("a", encoding="utf-8") as file:
        file.write("ketamine,kay,street,,\n")
    assert any("'kay' is too short" in line for line in check(load(data=data)))


def test_diff_tells_added_removed_and_changed(data: Path, lexicon: Lexicon) -> None:
    replace_in(data / "aliases.csv", "alprazolam,xanax,brand,,\n", "alprazolam,zanacks,misspelling,,\n")
    replace_in(data / "substances.csv", "\nalprazolam,benzodiazepine,no,yes", "\nalprazolam,sedative,no,yes")
    lines = diff(lexicon, load(data=data))
    assert lines == [
        "~ alprazolam: class 'benzodiazepine' -> 'sedative'",
        "+ alprazolam: alias 'zanacks'",
        "- alprazolam: alias 'xanax'",
    ]


def test_diff_of_the_same_is_empty(lexicon: Lexicon) -> None:
    assert diff(lexicon, lexicon) == []


LOCAL = "name,class,nps,reported,aliases,remove\n"


def test_an_analysts_additions_win(tmp_path: Path) -> None:
    own = tmp_path / "substances.local.csv"
    own.write_text(LOCAL + "blorazolam,designer_benzodiazepine,yes,,xanax | blo,\nketamine,,,,,special k\n", "utf-8")
    lexicon = load(own)
    assert lexicon.find("Xanax") is lexicon.substances["blorazolam"]
    assert "special k" not in {a.text for a in lexicon.substances["ketamine"].aliases}
    assert lexicon.substances["ketamine"].cls == load().substances["ketamine"].cls
    assert lexicon.version.startswith(load().version + "+")


def test_an_addition_changed_on_disk_is_read_again(tmp_path: Path) -> None:
    own = tmp_path / "substances.local.csv"
    own.write_text(LOCAL + "blorazolam,designer_benzodiazepine,,,,\n", "utf-8")
    assert "blorazolam" in load(own).substances
    own.write_text(LOCAL + "clorazozolam,designer_benzodiazepine,,,,\n", "utf-8")
    assert "blorazolam" not in load(own).substances


def test_a_missing_file_of_additions_is_no_error(tmp_path: Path) -> None:
    assert load(tmp_path / "substances.local.csv").version == load().version


def test_a_new_substance_without_class_is_refused(tmp_path: Path) -> None:
    own = tmp_path / "substances.local.csv"
    own.write_text(LOCAL + "blorazolam,,,,,\n", "utf-8")
    with pytest.raises(LexiconError, match=r"row 2: a new substance needs name and class"):
        load(own)
