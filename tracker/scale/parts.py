"""From what the user names to input parts: files with size and fingerprint, in the order in which they supersede."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tracker.errors import UsageError

_SUFFIXES = re.compile(r"(\.(xml|jsonl?|ndjson|parquet|gz|bz2|xz|zst))+$", re.IGNORECASE)
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Part:
    """One input file. `name` is stable for its address; `size` in bytes."""

    name: str
    path: str  # as fsspec opens it
    size: int
    fingerprint: str  # "etag:…" where the store gives one, else "sha256:…"


def find_parts(inputs: Sequence[str]) -> list[Part]:
    """Every file that `inputs` (paths, globs, fsspec addresses) names, each once, in the order of their file names.

    Raises UsageError for an input that names nothing.
    """
    parts: dict[str, Part] = {}
    for given in inputs:
        found = list(_expand(given))
        if not found:
            raise UsageError(f"{given}: there is no such file; quote globs so that they reach the tracker whole")
        parts.update((part.path, part) for part in found)
    return sorted(parts.values(), key=order)


def order(part: Part) -> tuple[list[tuple[int, int, str]], str]:
    """Sort key: numbers in file names count as numbers, so pubmed26n1275 comes after pubmed26n0999 and n99.

    The maker of PubMed's files asks that they be applied in the order of their numbers; a later file's record replaces
    an earlier one's.
    """
    base = part.path.rstrip("/").rsplit("/", 1)[-1]
    key = [(1, int(piece), "") if piece.isdigit() else (0, 0, piece) for piece in re.split(r"(\d+)", base) if piece]
    return key, part.path


def _expand(given: str) -> Iterable[Part]:
    import fsspec

    try:
        filesystem, path = fsspec.core.url_to_fs(given)
        names = sorted(filesystem.glob(path)) if any(c in path for c in "*?[") else [path]
        for name in names:
            if not filesystem.exists(name) or filesystem.isdir(name):
                continue
            yield _part(filesystem, name)
    except (ImportError, ValueError) as cause:
        raise UsageError(f"{given}: cannot be opened: {cause}") from None
    except OSError as cause:
        raise UsageError(f"{given}: cannot be read: {cause}") from None


def _part(filesystem: Any, name: str) -> Part:
    path = filesystem.unstrip_protocol(name)
    info = filesystem.info(name)
    etag = info.get("ETag") or info.get("etag")
    fingerprint = f"etag:{str(etag).strip(chr(34))}" if etag else f"sha256:{_sha256(filesystem, name)}"
    base = _SUFFIXES.sub("", path.rstrip("/").rsplit("/", 1)[-1])
    stem = re.sub(r"[^A-Za-z0-9_.-]+", "_", base)[:80] or "part"
    return Part(
        f"{stem}-{hashlib.sha256(path.encode()).hexdigest()[:8]}", path, int(info.get("size") or 0), fingerprint
    )


def _sha256(filesystem: Any, name: str) -> str:
    digest = hashlib.sha256()
    with filesystem.open(name, "rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
