"""The views that other tools may rely on, and what each column means. `db/README.md` is generated from here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class View:
    """One stable view: its SQL, one sentence on what a row is, and a meaning for each column in order."""

    sql: str
    about: str
    columns: tuple[tuple[str, str], ...]


def _view(name: str, about: str, body: str, columns: dict[str, str]) -> View:
    names = ", ".join(f'"{column}"' for column in columns)
    return View(f"CREATE VIEW {name} ({names}) AS {body}", about, tuple(columns.items()))


DOCUMENTS = _view(
    "v_documents",
    "One row a document, as it stands now: kept ones and the others (`kept` tells).",
    """
    SELECT d.id, s.id, coalesce(d.publisher, s.publisher), s.tier, s.type, d.external_id, d.url, d.doi, d.pmid,
      r.title, CASE WHEN d.quote THEN r.text END, CASE WHEN d.quote THEN r.summary END,
      d.published, d.precision, d.updated, d.first_seen, d.fetched, d.backfilled,
      coalesce(t.language, json_extract(r.fields, '$.language')), t.doctype, d.journal,
      t.relevant, t.relevance, t.grade,
      t.countries,
      (SELECT group_concat(name, ', ') FROM (SELECT m.name FROM tag_terms x JOIN terms m ON m.id = x.term
        WHERE x.tagset = t.id AND m.kind = 'substance' ORDER BY x.position)),
      (SELECT group_concat(name, ', ') FROM (SELECT m.name FROM tag_terms x JOIN terms m ON m.id = x.term
        WHERE x.tagset = t.id AND m.kind = 'class' ORDER BY x.position)),
      (SELECT group_concat(name, ', ') FROM (SELECT m.name FROM themes x JOIN terms m ON m.id = x.term
        WHERE x.tagset = t.id ORDER BY x.seq)),
      d.kept, d.story, d.editorial_status,
      (SELECT count(*) FROM revisions v WHERE v.document = d.id), l.version
    FROM documents d JOIN sources s ON s.num = d.source JOIN revisions r ON r.id = d.revision
      LEFT JOIN tagsets t ON t.id = d.tagset LEFT JOIN lexicons l ON l.id = t.lexicon
    """,
    {
        "id": "the document's number, never reused",
        "source": "id of the source in sources.yaml",
        "publisher": "who published it, else the source's publisher",
        "tier": "A official or peer-reviewed, B professional or news, C public forum",
        "source_type": "document type that the source is declared to carry",
        "external_id": "the source's own identifier (guid, PMID, DOI …)",
        "url": "address of the item as the source gave it",
        "doi": "DOI, lower case",
        "pmid": "PubMed identifier",
        "title": "title of the current revision, plain text",
        "text": "text of the current revision, plain text; null for forum and marketing sources and where pruned",
        "summary": "summary, where the source gives one beside the text",
        "published": "what the source claims as date of publication, cut to its precision; null: not stated",
        "precision": "year, month, day or time",
        "updated": "what the source claims as time of last change",
        "first_seen": "UTC moment when this archive first held it; never rewritten",
        "fetched": "UTC moment when it was last read from its source",
        "backfilled": "1: put in by hand with first_seen taken from published",
        "language": "ISO 639-1 where such a code exists",
        "doctype": "official_alert journal_article legal_notice news report factsheet forum marketing other",
        "journal": "journal of an article",
        "relevant": "1: an analyst would keep it",
        "relevance": "score from 0 to 1",
        "grade": "evidence grade: lab_confirmed clinical_suspected self_report seizure market legal none",
        "countries": "ISO 3166-1 alpha-2 codes of where it happened, separated by spaces",
        "substances": "canonical names found, separated by comma and space",
        "classes": "classes of substances found, separated by comma and space",
        "themes": "risk themes found, separated by comma and space",
        "kept": "1: shown by search, export and reports",
        "story": "number of the story it belongs to: the smallest document id in it",
        "editorial_status": "ok, corrected, concern, retracted, or notice (of something about another item)",
        "revisions": "how many versions of it are held",
        "lexicon": "version of the lexicon that made the tags",
    },
)

MENTIONS = _view(
    "v_mentions",
    "One row a place where a substance is named in the current revision of a document.",
    """
    SELECT d.id, s.id, m.name, json_extract(m.detail, '$.class'), json_extract(m.detail, '$.nps'), x.role,
      n.field, n.start, n.end, CASE WHEN d.quote OR n.field = 'title' THEN
        substr(CASE n.field WHEN 'title' THEN r.title ELSE r.text END, n.start + 1, n.end - n.start) END,
      n.assertion, n.context, n.historical, d.published, d.first_seen, d.story, d.kept
    FROM mentions n JOIN terms m ON m.id = n.term AND m.kind = 'substance' JOIN tagsets t ON t.id = n.tagset
      JOIN tag_terms x ON x.tagset = t.id AND x.term = m.id
      JOIN documents d ON d.tagset = t.id JOIN revisions r ON r.id = d.revision JOIN sources s ON s.num = d.source
    """,
    {
        "document": "number of the document",
        "source": "id of its source",
        "substance": "canonical name",
        "class": "class of the substance in the lexicon",
        "nps": "1: a new psychoactive substance, 0: an established drug or medicine",
        "role": "primary: the document is about it; incidental: named beside",
        "field": "title or text",
        "start": "first code point of the mention in that field",
        "end": "code point after the mention",
        "surface": "the words as they stand there; null for text of forum and marketing sources and where pruned",
        "assertion": "affirmed, negated or hypothetical",
        "context": "finding, panel, schedule, reference or comparison",
        "historical": "1: told of the past",
        "published": "date of publication claimed for the document",
        "first_seen": "UTC moment when this archive first held the document",
        "story": "story of the document",
        "kept": "1: the document is shown by search, export and reports",
    },
)

THEMES = _view(
    "v_themes",
    "One row a risk theme of a document, with the sentence that justifies it.",
    """
    SELECT d.id, s.id, m.name, h.assertion, CASE WHEN d.quote THEN
        substr(CASE h.field WHEN 'title' THEN r.title ELSE r.text END, h.start + 1, h.end - h.start) END,
      h.field, h.start, h.end, h.substances, (SELECT name FROM terms WHERE id = h.rule),
      d.published, d.first_seen, d.story, d.kept
    FROM themes h JOIN terms m ON m.id = h.term JOIN tagsets t ON t.id = h.tagset
      JOIN documents d ON d.tagset = t.id JOIN revisions r ON r.id = d.revision JOIN sources s ON s.num = d.source
    """,
    {
        "document": "number of the document",
        "source": "id of its source",
        "theme": "death poisoning dependence polydrug adulteration counterfeit potency supply control emergence "
        "analytics vulnerable impairment mental_health response prevalence pharmacology",
        "assertion": "affirmed, negated or hypothetical",
        "evidence": "the sentence; null for forum and marketing sources and where pruned",
        "field": "title or text",
        "start": "first code point of the sentence in that field",
        "end": "code point after the sentence",
        "substances": "JSON list of the substances that the sentence is about",
        "rule": "what fired",
        "published": "date of publication claimed for the document",
        "first_seen": "UTC moment when this archive first held the document",
        "story": "story of the document",
        "kept": "1: the document is shown by search, export and reports",
    },
)

STORY_VIEW = _view(
    "v_stories",
    "One row a story: kept documents about one event, over all sources.",
    """
    SELECT d.story, count(DISTINCT coalesce(d.witness, d.id)), count(*), min(d.first_seen), max(d.first_seen),
      min(d.published), (SELECT r.title FROM documents o JOIN revisions r ON r.id = o.revision WHERE o.id = d.story),
      group_concat(d.id, ' ')
    FROM documents d WHERE d.story IS NOT NULL AND d.kept GROUP BY d.story
    """,
    {
        "id": "number of the story: the smallest document id in it",
        "sources": "independent sources: publishers counted once, copies of one text counted once",
        "documents": "how many documents",
        "first_seen": "when the first of them was first held",
        "last_seen": "when the last of them was first held",
        "first_published": "earliest claimed publication",
        "title": "title of the document that gave the story its number",
        "members": "numbers of its documents, separated by spaces",
    },
)

SIGNALS = _view(
    "v_signals",
    "One row a signal raised for a week, as last worked out.",
    "SELECT week, as_of, kind, name, observed, expected, low, high, p, q, documents, detail, lexicon FROM signals",
    {
        "week": "ISO week, such as 2026-W47",
        "as_of": "moment of knowledge it was worked out for",
        "kind": "first_ever first_country first_tier first_death first_pair excess candidate",
        "name": "the substance, pair or candidate",
        "observed": "stories counted in that week",
        "expected": "mean that the past predicts",
        "low": "lower end of the central 95 % predictive interval",
        "high": "upper end of it",
        "p": "probability of as many or more",
        "q": "after Benjamini-Hochberg over all series of the week",
        "documents": "JSON list of document numbers",
        "detail": "JSON: country, tier, partner …",
        "lexicon": "version of the lexicon",
    },
)

FETCHES = _view(
    "v_fetches",
    "The ledger: one row a request made, or a poll that was skipped.",
    """
    SELECT f.id, s.id, f.at, f.url, f.status, f.http, f.ms, f.bytes, f.items, f.error, f.note
    FROM fetches f JOIN sources s ON s.num = f.source
    """,
    {
        "id": "running number",
        "source": "id of the source",
        "at": "UTC moment",
        "url": "address without secrets",
        "status": "ok not_modified empty blocked robots gone error skipped",
        "http": "HTTP status, null where no answer came",
        "ms": "milliseconds",
        "bytes": "size of the body after decompression",
        "items": "entries read",
        "error": "cause of a failure, one line",
        "note": "what else is worth knowing, such as a cut at max_items",
    },
)

VIEWS: dict[str, View] = {
    "v_documents": DOCUMENTS,
    "v_mentions": MENTIONS,
    "v_themes": THEMES,
    "v_stories": STORY_VIEW,
    "v_signals": SIGNALS,
    "v_fetches": FETCHES,
}
