"""Whether the knowledge is still the one that its version names: `python -m training.version [--name 2026.4]`.

The version of the lexicon stands in every tag, so it has to change when names, rules or weights do. What a version
names is the digest of all data files of the lexicon and of the tagger, kept beside the labelled documents.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from tracker import lexicon, tag

NAMES = Path(lexicon.__file__).parent / "data"
RULES = Path(tag.__file__).parent / "data"
RECORD = Path(__file__).parent / "data" / "version.json"
_FORM = re.compile(r"\d{4}\.\d+")


def digest() -> str:
    """SHA-256 over the names and bytes of all data files, in the order of their names."""
    out = hashlib.sha256()
    for root in (NAMES, RULES):
        for path in sorted(root.rglob("*")):
            if path.suffix in (".csv", ".json"):
                out.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return out.hexdigest()


def named() -> tuple[str, str]:
    """The version that was last given a name, and the digest of what it names."""
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    return record["version"], record["sha256"]


def name(version: str) -> None:
    """Give what the files hold now a version."""
    (NAMES / "VERSION").write_text(version + "\n", encoding="utf-8")
    record = {"version": version, "sha256": digest()}
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", metavar="YEAR.NUMBER", help="the version of what the files hold now")
    given = parser.parse_args(arguments)
    if given.name:
        if not _FORM.fullmatch(given.name):
            print(f"{given.name}: a version is a year and a number, such as 2026.4", file=sys.stderr)
            return 2
        name(given.name)
    version, known = named()
    if known != digest():
        print(f"the data files differ from those that {version} names; give them one: --name YEAR.NUMBER")
        return 1
    print(f"{version} names the data files as they are")
    return 0


if __name__ == "__main__":
    sys.exit(main())
