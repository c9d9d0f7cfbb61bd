# ruff: noqa: E501  (records in the true format, a line each)
"""A generated PubMed baseline in the true format: seeded, 3 % of its records about new psychoactive substances."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

_SUBJECTS = (
    "hypertension in older adults;soil bacteria under drought;knee replacement;maternal nutrition;asthma control;"
    "graphene sensors;hospital staffing;colon cancer screening;coral bleaching;protein folding;dental implants;"
    "glucose monitoring;school attendance;migraine;sepsis outcomes;rice genomics;air pollution;hip fracture"
).split(";")
_SENTENCES = (
    "We studied {s} in {n} participants recruited at {m} centres between 2016 and 2023.",
    "The primary outcome was the change in score after {m} weeks of follow-up.",
    "Odds ratios were adjusted for age, sex, body mass index and smoking status.",
    "The intervention group improved by {n} points compared with usual care (P = 0.0{m}).",
    "No significant differences between the groups were seen in secondary outcomes.",
    "Gene expression of IL-6, TNF-alpha and CD4 was measured by quantitative PCR in triplicate.",
    "Samples were stored at -80 C and analysed by liquid chromatography with mass spectrometry.",
    "These findings suggest that {s} deserves further attention in routine practice.",
    "Limitations include the retrospective design and the small number of events.",
)
_NPS = (
    "bromazolam;protonitazene;metonitazene;flualprazolam;etizolam;MDMB-4en-PINACA;3-MMC;N-desethyl isotonitazene;"
    "clonazolam;xylazine;eutylone;fluorofentanyl;ADB-BUTINACA;isotonitazene;flubromazepam"
).split(";")
_NPS_SENTENCES = (
    "{d} was detected in {m} postmortem cases in Ireland and Scotland together with fentanyl.",
    "Patients poisoned with {d} showed respiratory depression and received naloxone.",
    "Counterfeit tablets sold as alprazolam contained {d}.",
    "Little is known of the metabolism of {d} in humans.",
    "{d} was placed under temporary control in 2023.",
)


def _record(rng: random.Random, pmid: int) -> str:
    subject, relevant = rng.choice(_SUBJECTS), rng.random() < 0.03
    drug = rng.choice(_NPS)
    lines = [rng.choice(_SENTENCES).format(s=subject, n=rng.randint(20, 900), m=rng.randint(2, 40)) for _ in range(11)]
    title = f"Outcomes of {subject}: a cohort of {rng.randint(50, 5000)} cases"
    if relevant:
        lines[3:6] = [rng.choice(_NPS_SENTENCES).format(d=drug, m=rng.randint(2, 40)) for _ in range(3)]
        title = f"{drug} in forensic casework: {rng.randint(3, 80)} cases"
    year, month, day = rng.randint(2015, 2025), rng.randint(1, 12), rng.randint(1, 28)
    labels = ("BACKGROUND", "METHODS", "RESULTS", "CONCLUSIONS")
    chunks = [" ".join(lines[i::4]) for i in range(4)]
    abstract = "".join(
        f'<AbstractText Label="{label}" NlmCategory="{label}">{chunk}</AbstractText>'
        for label, chunk in zip(labels, chunks, strict=True)
    )
    authors = "".join(
        f'<Author ValidYN="Y"><LastName>Name{rng.randint(1, 9999)}</LastName><ForeName>Given {c}</ForeName>'
        f"<Initials>G{c}</Initials><AffiliationInfo><Affiliation>Department of Medicine, University {rng.randint(1, 99)}."
        "</Affiliation></AffiliationInfo></Author>"
        for c in "ABCDE"
    )
    mesh = "".join(
        f'<MeshHeading><DescriptorName UI="D{rng.randint(1, 99999):06}" MajorTopicYN="N">Term {i}</DescriptorName></MeshHeading>'
        for i in range(8)
    )
    date = f"<Year>{year}</Year><Month>{month:02}</Month><Day>{day:02}</Day>"
    return (
        f'<PubmedArticle><MedlineCitation Status="MEDLINE" Owner="NLM"><PMID Version="1">{pmid}</PMID>'
        f"<DateCompleted>{date}</DateCompleted><DateRevised>{date}</DateRevised>"
        '<Article PubModel="Print-Electronic"><Journal><ISSN IssnType="Electronic">1234-5678</ISSN>'
        f'<JournalIssue CitedMedium="Internet"><Volume>1</Volume><PubDate><Year>{year}</Year><Month>Jun</Month></PubDate>'
        "</JournalIssue><Title>Journal of generated records</Title><ISOAbbreviation>J Gen Rec</ISOAbbreviation></Journal>"
        f'<ArticleTitle>{title}.</ArticleTitle><ELocationID EIdType="doi" ValidYN="Y">10.5555/gen.{pmid}</ELocationID>'
        f'<Abstract>{abstract}</Abstract><AuthorList CompleteYN="Y">{authors}</AuthorList><Language>eng</Language>'
        '<PublicationTypeList><PublicationType UI="D016428">Journal Article</PublicationType></PublicationTypeList>'
        f'<ArticleDate DateType="Electronic">{date}</ArticleDate></Article>'
        f"<MeshHeadingList>{mesh}</MeshHeadingList></MedlineCitation><PubmedData><History>"
        f'<PubMedPubDate PubStatus="entrez">{date}</PubMedPubDate></History><PublicationStatus>ppublish</PublicationStatus>'
        f'<ArticleIdList><ArticleId IdType="pubmed">{pmid}</ArticleId><ArticleId IdType="doi">10.5555/gen.{pmid}</ArticleId>'
        "</ArticleIdList></PubmedData></PubmedArticle>\n"
    )


def generate(folder: Path, *, files: int, records: int, seed: int = 1) -> None:
    """Write a baseline of gzipped PubMed XML; a folder that is there already is taken as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, files + 1):
        path = folder / f"pubmed26n{number:04}.xml.gz"
        if path.exists():
            continue
        rng = random.Random(seed * 100_000 + number)
        temporary = path.with_suffix(".part")
        with gzip.GzipFile(temporary, "wb", compresslevel=5, mtime=0) as out:
            out.write(b'<?xml version="1.0" encoding="utf-8"?>\n<PubmedArticleSet>\n')
            for i in range(records):
                out.write(_record(rng, number * 1_000_000 + i).encode())
            out.write(b"</PubmedArticleSet>\n")
        temporary.replace(path)
