"""PubMed: what a search asks for, and what a record says, trap by trap."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from api_help import WEEK, answer, ask, only, params, read, source
from hypothesis import given
from hypothesis import strategies as st

from tracker.errors import BlockedError, ConfigError, ParseError
from tracker.model import Document
from tracker.sources import parse_file
from tracker.sources._pubmed_record import medline_date
from tracker.sources.pubmed import documents, recheck

URL = "https://eutils.example.org/entrez/eutils/esearch.fcgi"


def record(
    *, pmid: str = "101", title: str = "A title.", article: str = "", citation: str = "", data: str = "",
    pub_date: str = "<Year>2024</Year><Month>Aug</Month>", languages: str = "<Language>eng</Language>",
) -> str:  # fmt: skip
    return (
        f'<PubmedArticle><MedlineCitation Status="MEDLINE"><PMID Version="1">{pmid}</PMID><Article PubModel="Print">'
        f"<Journal><JournalIssue><PubDate>{pub_date}</PubDate></JournalIssue><Title>J Test</Title></Journal>"
        f"<ArticleTitle>{title}</ArticleTitle>{languages}{article}</Article>{citation}</MedlineCitation>"
        f"<PubmedData>{data}</PubmedData></PubmedArticle>"
    )


def result(*records: str) -> bytes:
    head = '<?xml version="1.0" ?><!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD" "https://dtd.example.org/p.dtd">'
    return f"{head}<PubmedArticleSet>{''.join(records)}</PubmedArticleSet>".encode()


def esearch(ids: list[str], count: int | None = None) -> bytes:
    listed = "".join(f"<Id>{i}</Id>" for i in ids)
    total = len(ids) if count is None else count
    return f"<eSearchResult><Count>{total}</Count><IdList>{listed}</IdList></eSearchResult>".encode()


def abstract(text: str) -> str:
    return f"<Abstract><AbstractText>{text}</AbstractText></Abstract>"


def link(kind: str, pmid: str = "", ref: str = "J. 2024;1:2") -> str:
    to = f"<PMID>{pmid}</PMID>" if pmid else ""
    inner = f'<CommentsCorrections RefType="{kind}"><RefSource>{ref}</RefSource>{to}</CommentsCorrections>'
    return f"<CommentsCorrectionsList>{inner}</CommentsCorrectionsList>"


def types(*names: str) -> str:
    inner = "".join(f"<PublicationType>{n}</PublicationType>" for n in names)
    return f"<PublicationTypeList>{inner}</PublicationTypeList>"


def day(tag: str, *, attrs: str = "", month: str = "6", number: str = "3") -> str:
    return f"<{tag} {attrs}><Year>2024</Year><Month>{month}</Month><Day>{number}</Day></{tag}>"


def history(status: str, month: str = "5") -> str:
    moment = day("PubMedPubDate", attrs=f'PubStatus="{status}"', month=month)
    return f"<History>{moment}</History>"


ELECTRONIC = day("ArticleDate", attrs='DateType="Electronic"')


# --- asking ----------------------------------------------------------------------------------------------------------


def test_a_search_asks_by_entry_date_with_the_key_by_name_only() -> None:
    src = source("pubmed", URL, options={"query": "bromazolam", "mailto": "a@example.org"}, key_env="NCBI_KEY")
    (request,) = ask(src)
    assert params(request) == {
        "db": "pubmed", "term": "bromazolam", "retmode": "xml", "datetype": "edat", "mindate": "2026/11/17",
        "maxdate": "2026/11/24", "retstart": "0", "retmax": "5000", "tool": "nps-tracker", "email": "a@example.org",
    }  # fmt: skip
    assert request.secret_params == (("api_key", "NCBI_KEY"),)


def test_each_query_is_asked_on_its_own() -> None:
    requests = ask(source("pubmed", URL, options={"queries": ["a", "b"]}))
    assert [params(r)["term"] for r in requests] == ["a", "b"]


@pytest.mark.parametrize("options", [{}, {"query": "lexicon"}])
def test_a_search_without_words_is_refused_with_the_field_to_fill(options: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"options\.query"):
        ask(source("pubmed", URL, options=options))


def test_identifiers_are_fetched_in_batches_until_none_is_left() -> None:
    src = source("pubmed", URL, options={"query": "x", "page_size": 2})
    (search,) = ask(src)
    page = answer(src, search, esearch(["1", "2", "3"]))
    assert (page.documents, page.total) == ((), 3)
    seen: list[str] = []
    while page.next:
        (request,) = page.next
        assert request.url.endswith("/efetch.fcgi")
        json.dumps(dict(request.state))  # a request that has to wait must be writable
        ids = params(request)["id"].split(",")
        seen += ids
        page = answer(src, request, result(*(record(pmid=i) for i in ids)))
        assert [d.pmid for d in page.documents] == ids
    assert seen == ["1", "2", "3"]


def test_a_search_with_more_hits_than_pubmed_gives_is_asked_in_halves_that_leave_no_day_out() -> None:
    src = source("pubmed", URL, options={"query": "x"}, max_items=20_000)
    (search,) = ask(src)
    page = answer(src, search, esearch(["1"], count=12_000))
    spans = [(params(r)["mindate"], params(r)["maxdate"]) for r in page.next]
    assert spans == [("2026/11/21", "2026/11/24"), ("2026/11/17", "2026/11/20")]


def test_a_day_with_too_many_hits_is_read_as_far_as_it_goes_and_says_so() -> None:
    src = source("pubmed", URL, options={"query": "x"}, max_items=20_000)
    (search,) = ask(src, type(WEEK)(WEEK.until, WEEK.until))
    page = answer(src, search, esearch(["1"], count=12_000))
    assert [r.step for r in page.next] == ["efetch"]
    assert "only 9999 can be read" in page.problems[0]


def test_max_pages_ends_a_poll_and_says_what_was_read() -> None:
    src = source("pubmed", URL, options={"query": "x", "page_size": 1, "max_pages": 1})
    (search,) = ask(src)
    (fetch,) = answer(src, search, esearch(["1", "2"])).next
    page = answer(src, fetch, result(record()))
    assert page.next == ()
    assert "max_pages" in page.problems[-1]


def test_no_hits_is_an_empty_page_and_unknown_phrases_are_told() -> None:
    body = (
        b"<eSearchResult><Count>0</Count><IdList/><ErrorList><PhraseNotFound>abc</PhraseNotFound></ErrorList>"
        b"</eSearchResult>"
    )
    page = read("pubmed", body)
    assert (page.documents, page.total, page.next) == ((), 0, ())
    assert "'abc'" in page.problems[0]


def test_stored_records_are_asked_again_in_batches() -> None:
    requests = recheck(source("pubmed", URL, options={"query": "x"}), [str(n) for n in range(450)])
    assert [len(params(r)["id"].split(",")) for r in requests] == [200, 200, 50]


# --- what is not a set of records ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html><body>Search failed</body></html>", "HTML page"),
        (b"<eFetchResult><ERROR>id list is empty</ERROR></eFetchResult>", "id list is empty"),
        (b"<eSearchResult><ERROR>Invalid db name</ERROR></eSearchResult>", "Invalid db name"),
        (b"<rss/>", "<rss>"),
        (b'{"a": 1}', "PubmedArticleSet"),
        (b"", "PubmedArticleSet"),
    ],
)
def test_what_is_no_pubmed_xml_is_refused_with_what_was_found(body: bytes, message: str) -> None:
    with pytest.raises(ParseError, match=message):
        read("pubmed", body)


def test_a_challenge_page_is_a_refusal() -> None:
    with pytest.raises(BlockedError):
        read("pubmed", b"<html><title>Just a moment...</title></html>")


def test_declared_entities_are_refused_and_never_expanded() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><PubmedArticleSet>&b;</PubmedArticleSet>'
    with pytest.raises(ParseError, match="entities"):
        read("pubmed", bomb)


def test_an_empty_set_is_valid_and_empty() -> None:
    page = read("pubmed", b"<?xml version='1.0'?><PubmedArticleSet></PubmedArticleSet>")
    assert (page.documents, page.complete, page.problems) == ((), True, ())


@pytest.mark.parametrize("cut", [5, 40, 300])
def test_of_a_payload_that_is_cut_off_the_records_before_the_cut_are_read(cut: int) -> None:
    page = read("pubmed", result(record(pmid="1"), record(pmid="2"), record(pmid="3"))[:-cut])
    assert page.complete is False
    assert [d.pmid for d in page.documents] == (["1", "2", "3"] if cut == 5 else ["1", "2"])[: len(page.documents)]
    assert len(page.documents) >= 2


@given(st.integers(min_value=150, max_value=1500))
def test_any_cut_gives_whole_records_only_and_never_a_crash(at: int) -> None:
    body = result(*(record(pmid=str(n), title=f"Title {n}.") for n in range(4)))
    page = read("pubmed", body[:at])
    assert [d.title for d in page.documents] == [f"Title {n}." for n in range(len(page.documents))]
    assert page.complete == (at >= len(body))


# --- text ------------------------------------------------------------------------------------------------------------


def test_inline_markup_leaves_no_gap_and_loses_no_letter() -> None:
    text = abstract("Of <i>N</i>-pyrrolidino and CO<sub>2</sub>, <i>p</i>&lt;0.05.")
    found = only("pubmed", result(record(title="<i>N</i>-ethyl, A <i>&#x201c;B</i>&#x201d;.", article=text)))
    assert found.title == "N-ethyl, A “B”."
    assert found.text == "Of N-pyrrolidino and CO2, p<0.05."


def test_mathml_stays_readable() -> None:
    math = (
        '<mml:math xmlns:mml="http://www.w3.org/1998/Math/MathML"><mml:msup><mml:mi>r</mml:mi><mml:mn>2</mml:mn>'
        "</mml:msup><mml:mo>=</mml:mo><mml:mn>0.9</mml:mn></mml:math>"
    )
    found = only("pubmed", result(record(article=abstract(f"Fit {math} here."))))
    assert found.text is not None
    assert "r^2=0.9" in found.text.replace(" ", "")


def test_a_structured_abstract_is_a_line_a_section_with_its_label() -> None:
    text = (
        '<Abstract><AbstractText Label="BACKGROUND">One.</AbstractText><AbstractText>Two.</AbstractText>'
        '<AbstractText Label="RESULTS">Three.</AbstractText><CopyrightInformation>© X</CopyrightInformation></Abstract>'
    )
    assert only("pubmed", result(record(article=text))).text == "BACKGROUND: One.\nTwo.\nRESULTS: Three."


def test_no_abstract_is_no_text() -> None:
    assert only("pubmed", result(record(title="Reply."))).text is None


def test_another_abstract_stands_in_for_a_missing_one() -> None:
    other = '<OtherAbstract Type="plain-language-summary"><AbstractText>Plainly.</AbstractText></OtherAbstract>'
    assert only("pubmed", result(record(citation=other))).text == "Plainly."


def test_references_and_affiliations_do_not_leak_into_a_record() -> None:
    authors = (
        "<AuthorList><Author><LastName>Roe</LastName><ForeName>Ann</ForeName><AffiliationInfo><Affiliation>Lab"
        "</Affiliation></AffiliationInfo></Author></AuthorList>"
    )
    refs = (
        "<ArticleIdList><ArticleId IdType='doi'>10.1234/own</ArticleId></ArticleIdList><ReferenceList><Reference>"
        "<Citation>x</Citation><ArticleIdList><ArticleId IdType='doi'>10.1234/other</ArticleId></ArticleIdList>"
        "</Reference><ReferenceList><Title>More</Title></ReferenceList></ReferenceList>"
    )
    found = only("pubmed", result(record(article=authors, data=refs)))
    assert (found.doi, found.authors) == ("10.1234/own", ("Roe, Ann",))


# --- people, languages, identifiers ----------------------------------------------------------------------------------


def test_authors_are_family_given_and_the_invalid_ones_are_left_out() -> None:
    authors = (
        "<AuthorList><Author ValidYN='Y'><LastName>Roe</LastName><ForeName>Ann B</ForeName><Initials>AB</Initials>"
        "</Author><Author ValidYN='N'><LastName>Wrong</LastName><ForeName>X</ForeName></Author>"
        "<Author><LastName>Poe</LastName><Initials>E</Initials><Suffix>Jr</Suffix></Author>"
        "<Author><CollectiveName>NPS Study Group</CollectiveName></Author><Author><LastName>Solo</LastName></Author>"
        "</AuthorList>"
    )
    assert only("pubmed", result(record(article=authors))).authors == (
        "Roe, Ann B", "Poe, E Jr", "NPS Study Group", "Solo",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("codes", "language"),
    [(["eng"], "en"), (["ger"], "de"), (["cze"], "cs"), (["gsw"], "gsw"), (["und"], None), (["eng", "nor"], "en")],
)
def test_languages_have_two_letters_where_there_are_such(codes: list[str], language: str | None) -> None:
    stated = "".join(f"<Language>{c}</Language>" for c in codes)
    assert only("pubmed", result(record(languages=stated))).language == language


def test_the_original_title_is_kept_beside_the_bracketed_one() -> None:
    found = only("pubmed", result(record(title="[Translated].", article="<VernacularTitle>Titel.</VernacularTitle>")))
    assert (found.title, found.extra["vernacular_title"]) == ("[Translated].", "Titel.")


def test_the_original_title_stands_in_for_one_not_available() -> None:
    found = only(
        "pubmed", result(record(title="[Not Available].", article="<VernacularTitle>Titel.</VernacularTitle>"))
    )
    assert found.title == "Titel."


def test_the_doi_of_the_location_serves_where_the_list_has_none() -> None:
    place = '<ELocationID EIdType="doi" ValidYN="Y">10.1234/ABC.5</ELocationID>'
    assert only("pubmed", result(record(article=place))).doi == "10.1234/abc.5"


def test_a_record_is_known_by_its_pmid_and_linked_to_its_page() -> None:
    found = only("pubmed", result(record(pmid="38833988")))
    assert (found.external_id, found.pmid, found.url) == (
        "38833988", "38833988", "https://pubmed.ncbi.nlm.nih.gov/38833988/",
    )  # fmt: skip
    assert (found.journal, found.doctype) == ("J Test", "journal_article")


# --- dates -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("article", "data", "pub_date", "published", "precision"),
    [
        (ELECTRONIC, history("pubmed"), "<Year>2024</Year><Month>Aug</Month>", "2024-06-03", "day"),
        ("", history("pubmed"), "<Year>2024</Year>", "2024-05-03", "day"),
        ("", history("entrez"), "<Year>2024</Year>", "2024-05-03", "day"),
        ("", history("received"), "<Year>2024</Year><Month>08</Month><Day>9</Day>", "2024-08-09", "day"),
        ("", "", "<Year>2024</Year><Month>8</Month>", "2024-08", "month"),
        ("", "", "<Year>2024</Year>", "2024", "year"),
        ("", "", "<Year>2024</Year><Season>Spring</Season>", "2024", "year"),
        ("", "", "<MedlineDate>2023 Jan-Feb 01</MedlineDate>", "2023-01", "month"),
        ("", "", "<MedlineDate>1998 Dec-1999 Jan</MedlineDate>", "1998-12", "month"),
        ("", "", "<MedlineDate>1999-2000</MedlineDate>", "1999", "year"),
        ("", "", "<Year>2027</Year><Month>Jan</Month>", "2027-01", "month"),
        ("", "", "<Year>2024</Year><Month>Feb</Month><Day>31</Day>", None, None),
        (day("ArticleDate", attrs='DateType="Electronic"', month="13"), history("pubmed"), "", "2024-05-03", "day"),
    ],
)
def test_published_is_the_electronic_date_then_pubmeds_then_the_issues(
    article: str, data: str, pub_date: str, published: str | None, precision: str | None
) -> None:
    found = only("pubmed", result(record(article=article, data=data, pub_date=pub_date)))
    assert (found.published, found.precision) == (published, precision)


@pytest.mark.parametrize(
    ("pub_date", "whole"),
    [
        ("<Year>2024</Year><Season>Winter</Season>", "2024 Winter"),
        ("<MedlineDate>2001 Spring</MedlineDate>", "2001 Spring"),
    ],
)
def test_seasons_and_ranges_stand_whole_in_extra(pub_date: str, whole: str) -> None:
    assert only("pubmed", result(record(pub_date=pub_date))).extra["published_as_stated"] == whole


def test_the_revision_day_is_updated() -> None:
    assert only("pubmed", result(record(citation=day("DateRevised")))).updated == "2024-06-03"


@given(st.text(max_size=40))
def test_no_issue_date_is_too_strange(words: str) -> None:
    found, whole = medline_date(words)
    assert found is None or found.precision in ("year", "month")
    assert whole in (words, None)


# --- standing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "citation", "status", "about"),
    [
        (("Journal Article",), "", "ok", ()),
        (("Journal Article",), link("ErratumIn", "9"), "corrected", ()),
        (("Journal Article", "Retracted Publication"), link("RetractionIn", "9"), "retracted", ()),
        (("Journal Article",), link("RetractionIn"), "retracted", ()),
        (("Retracted Publication",), "", "retracted", ()),
        (("Journal Article",), link("ExpressionOfConcernIn", "9"), "concern", ()),
        (("Journal Article",), link("CorrectedandRepublishedIn", "9"), "corrected", ()),
        (("Published Erratum",), link("ErratumFor", "7"), "notice", ("pmid:7",)),
        (("Journal Article", "Published Erratum"), link("ErratumFor", "7"), "notice", ("pmid:7",)),
        (("Retraction of Publication",), link("RetractionOf", "7"), "notice", ("pmid:7",)),
        (("Expression of Concern",), link("ExpressionOfConcernFor", "7"), "notice", ("pmid:7",)),
        (("Editorial",), link("ErratumFor", ref="J. 2024. doi: 10.1234/X7."), "notice", ("doi:10.1234/x7",)),
        (("Letter",), link("CommentOn", "7"), "ok", ()),
    ],
)
def test_standing_is_read_from_types_and_links_alike(
    names: tuple[str, ...], citation: str, status: str, about: tuple[str, ...]
) -> None:
    found = only("pubmed", result(record(article=types(*names), citation=citation)))
    assert (found.editorial_status, found.relates_to, found.pub_types) == (status, about, names)


# --- other records ---------------------------------------------------------------------------------------------------


def test_a_book_chapter_is_a_document_with_its_book() -> None:
    body = (
        "<PubmedArticleSet><PubmedBookArticle><BookDocument><PMID>5</PMID><ArticleIdList><ArticleId "
        'IdType="bookaccession">NBK1</ArticleId></ArticleIdList><Book><Publisher><PublisherName>Univ Press'
        "</PublisherName></Publisher><BookTitle>Drugs</BookTitle><PubDate><Year>2020</Year></PubDate></Book>"
        "<ArticleTitle>Chapter <i>one</i></ArticleTitle><Language>eng</Language><AuthorList><Author><LastName>Roe"
        "</LastName><ForeName>A</ForeName></Author></AuthorList><PublicationType>Review</PublicationType><Abstract>"
        "<AbstractText>Words.</AbstractText></Abstract><ContributionDate><Year>2021</Year><Month>Mar</Month>"
        "</ContributionDate></BookDocument><PubmedBookData/></PubmedBookArticle></PubmedArticleSet>"
    )
    found = only("pubmed", body.encode())
    assert (found.title, found.journal, found.publisher) == ("Chapter one", "Drugs", "Univ Press")
    assert (found.published, found.text, found.authors, found.pub_types) == (
        "2021-03",
        "Words.",
        ("Roe, A",),
        ("Review",),
    )


def test_deleted_records_are_told_and_are_no_documents() -> None:
    page = read("pubmed", result(record(), "<DeleteCitation><PMID>77</PMID></DeleteCitation>"))
    assert len(page.documents) == 1
    assert page.problems == ("deleted by PubMed: pmid:77",)


def test_a_stream_of_many_records_is_read_one_by_one() -> None:
    body = result(*(record(pmid=str(n)) for n in range(5000)))
    found = [d.pmid for d in documents(io.BytesIO(body)) if isinstance(d, Document)]
    assert found == [str(n) for n in range(5000)]


# --- recorded payloads -----------------------------------------------------------------------------------------------

SETS = {"efetch_11748933_monthonly": 2, "efetch_12091962_season": 2, "klortho_efetch.pubmed": 2,
        "klortho_efetch.pubmedexample": 2, "metapub_37909814": 0}  # fmt: skip


def test_no_recorded_record_is_lost(shared: Path) -> None:
    folder = shared / "data/samples/pubmed"
    files = sorted([*folder.glob("efetch*.xml"), *folder.glob("metapub_[0-9]*.xml"), *folder.glob("klortho_efetch*")])
    found = {f.stem: parse_file("pubmed", f.read_bytes()) for f in files}
    assert {name: len(p.documents) for name, p in found.items()} == {name: SETS.get(name, 1) for name in found}
    assert len(found) == 38
    assert all(p.complete and not p.problems for p in found.values())
    assert all(d.title and d.pmid and d.published and d.language for p in found.values() for d in p.documents)
