"""Whole tagging beside spaCy's EntityRuler and medspaCy's ConText: the same documents, the same surfaces, one run.

    pip install -e ".[bench]"
    python benchmarks/tagging.py documents.jsonl [--repeat 3] [--no-medspacy]

Prints documents per CPU second of this process for each, the ratios, the start-up time, peak memory before and after,
the cost of documents with and without drug names, and the cost of one text of 5 MB. The peers do less: they find
names (and, for medspaCy, negation); we write all tags as JSON.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from tracker.lexicon import Lexicon, load
from tracker.tag import Tagger
from tracker.tag.wire import tag_stream


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def drain(items: Iterable[object]) -> None:
    for _ in items:
        pass


def entity_ruler(surfaces: list[str], texts: list[str]) -> Callable[[], None]:
    import spacy

    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler", config={"phrase_matcher_attr": "LOWER"})
    ruler.add_patterns([{"label": "SUBSTANCE", "pattern": s} for s in surfaces])  # type: ignore[attr-defined]
    return lambda: drain(json.dumps([e.text for e in doc.ents]) for doc in nlp.pipe(texts))


def medspacy_context(surfaces: list[str], texts: list[str]) -> Callable[[], None]:
    import medspacy
    from loguru import logger  # PyRuSH, its sentence cutter, logs each token
    from medspacy.target_matcher import TargetRule

    logger.remove()
    nlp = medspacy.load()
    nlp.get_pipe("medspacy_target_matcher").add([TargetRule(s, "SUBSTANCE") for s in surfaces])
    return lambda: drain(json.dumps([(e.text, e._.is_negated) for e in doc.ents]) for doc in nlp.pipe(texts))


def surfaces_of(lexicon: Lexicon) -> list[str]:
    return sorted({alias.text for alias, _ in lexicon.surfaces() if alias.doubt != "never"})


def ours(tagger: Tagger, lines: list[str]) -> Callable[[], None]:
    return lambda: drain(tag_stream(lines, tagger))


def without_drugs(documents: list[dict[str, object]], tagger: Tagger) -> list[str]:
    """Documents of the same lengths in which no drug is named: their sentences without names and class words."""
    kept = []
    for number, document in enumerate(documents):
        sentences = str(document["text"]).splitlines()
        plain = [s for s in sentences if s and not _names_a_drug(tagger, s)]
        text = "\n".join(plain) or "Nothing is named here."
        while len(text) < len(str(document["text"])):
            text += "\n" + text
        text = text[: len(str(document["text"]))]
        kept.append(json.dumps({"id": number, "language": document.get("language") or "en", "text": text}))
    return kept


def _names_a_drug(tagger: Tagger, sentence: str) -> bool:
    tags = tagger.tag(sentence, language="en")
    return bool(tags.substances or tags.class_mentions or tags.context_substances or tags.candidates)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("documents", type=Path, help="JSONL with id, text and language")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--no-medspacy", action="store_true")
    options = parser.parse_args()
    documents = [json.loads(line) for line in options.documents.read_text("utf-8").splitlines() if line.strip()]
    fields = ("id", "text", "title", "language", "published", "url")
    lines = [json.dumps({k: d.get(k) or ("en" if k == "language" else None) for k in fields}) for d in documents]
    texts = [str(d["text"]) for d in documents] * options.repeat
    lexicon = load()
    start = cpu(lambda: Tagger(lexicon))
    tagger = Tagger(lexicon)
    gc.freeze()  # as `tracker tag` does
    gc.set_threshold(500_000)
    surfaces = surfaces_of(lexicon)
    print(f"{len(documents)} documents, {sum(map(len, texts)) // len(texts)} characters each; {len(surfaces)} surfaces")
    print(f"tagger built in {start:.2f} CPU s; peak {peak_mb():.0f} MB")
    first = cpu(ours(tagger, lines))
    print(f"ours, first reading: {len(lines) / first:.0f} documents per CPU second")
    spent = {"ours": cpu(ours(tagger, lines * options.repeat))}
    print(f"ours: {len(texts) / spent['ours']:.0f} documents per CPU second; peak {peak_mb():.0f} MB")
    plain = without_drugs(documents, tagger)
    cpu(ours(tagger, plain))
    empty = cpu(ours(tagger, plain * options.repeat))
    print(f"ours, no drug named: {len(texts) / empty:.0f} a second, {spent['ours'] / empty:.1f} times as fast")
    long = "\n".join(texts * (5_000_000 // sum(map(len, texts)) + 1))[:5_000_000]
    print(f"one text of 5 MB: {cpu(lambda: tagger.tag(long, language='en')):.1f} CPU s")
    peers = {"spaCy EntityRuler": entity_ruler}
    if not options.no_medspacy:
        peers["medspaCy ConText"] = medspacy_context
    for name, make in peers.items():
        try:
            work = make(surfaces, texts)
        except ImportError as error:
            print(f"{name}: not installed ({error})", file=sys.stderr)
            continue
        spent[name] = cpu(work)
        ratio = spent[name] / spent["ours"]
        print(f"{name}: {len(texts) / spent[name]:.0f} documents per CPU second; ours is {ratio:.1f} times as fast")


if __name__ == "__main__":
    main()
