"""A bulk run: parts that are not done yet over the workers of a Dask cluster, then the last states.

Restartable at any moment: what has a valid manifest is not done again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tracker.errors import TrackerError, UsageError
from tracker.scale.parts import Part, find_parts, order
from tracker.scale.readers import guess_kind
from tracker.scale.settle import settle
from tracker.scale.work import Job, is_done, read_manifest, tag_part

_RETRIES = 3  # of a part whose worker was killed


@dataclass(slots=True)
class BulkReport:
    """What a bulk run came to; counts are of all parts, those done before included."""

    parts: int = 0
    done_before: int = 0
    read: int = 0
    kept: int = 0
    relevant: int = 0
    refused: int = 0
    superseded: int = 0
    failed: list[str] = field(default_factory=list)  # one line a part, with its place and cause
    refusals: list[str] = field(default_factory=list)


def bulk(
    inputs: Sequence[str],
    *,
    out: Path,
    kind: str | None = None,
    keep: str = "relevant",
    workers: int = 1,
    scheduler: str | None = None,
    lexicon_version: str,
    lexicon_extra: Path | None = None,
    on_start: Callable[[int], None] = lambda _: None,
    on_part: Callable[[str], None] = lambda _: None,
) -> BulkReport:
    """Tag every part of `inputs` into Parquet under `out`, on `workers` local processes or an existing scheduler.

    Raises UsageError for inputs that name nothing or mix kinds. A part that fails is a line of the report.
    """
    parts = find_parts(inputs)
    job = Job(
        out=str(out.resolve()),
        kind=kind or _one_kind(parts),
        keep=keep,
        lexicon=lexicon_version,
        extra=str(lexicon_extra.resolve()) if lexicon_extra else None,
    )
    Path(job.out).mkdir(parents=True, exist_ok=True)
    todo = [part for part in parts if not is_done(part, job)]
    report = BulkReport(parts=len(parts), done_before=len(parts) - len(todo))
    on_start(len(todo))
    if todo:
        with _client(min(workers, len(todo)), scheduler) as client:
            for answer in _answers(client, todo, job):
                if "error" in answer:
                    report.failed.append(f"{answer['path']}: {answer['error']}")
                on_part(answer["part"])
    report.superseded = settle(Path(job.out), _all_parts(Path(job.out), parts))
    for part in parts:
        _add(report, read_manifest(Path(job.out), part.name), part)
    return report


def _one_kind(parts: Sequence[Part]) -> str:
    kinds = {guess_kind(part.path) for part in parts}
    if len(kinds) > 1:
        raise UsageError(f"the inputs look like {', '.join(sorted(kinds))}; run each kind by itself, or give --kind")
    return kinds.pop()


def _add(report: BulkReport, manifest: dict[str, Any] | None, part: Part) -> None:
    if manifest is None:
        return
    for name in ("read", "kept", "relevant", "refused"):
        setattr(report, name, getattr(report, name) + int(manifest.get(name, 0)))
    report.refusals += [f"{part.path}: {line}" for line in manifest.get("refusals", [])]


def _all_parts(out: Path, parts: Sequence[Part]) -> list[Part]:
    """The folder's parts, those of earlier runs included, in superseding order."""
    known = {part.name: part for part in parts}
    for path in sorted((out / "manifest").glob("*.json")):
        manifest = read_manifest(out, path.stem)
        if manifest and path.stem not in known:
            known[path.stem] = Part(path.stem, manifest["path"], manifest["size"], manifest["fingerprint"])
    return sorted(known.values(), key=order)


@contextmanager
def _client(workers: int, scheduler: str | None) -> Iterator[Any]:
    """A Dask client: of an existing scheduler, or of processes that live as long as the run."""
    from distributed import Client, LocalCluster

    if scheduler:
        try:
            client = Client(scheduler, timeout="10s", set_as_default=False)
        except (OSError, TimeoutError, ValueError) as cause:
            raise TrackerError(f"{scheduler}: no Dask scheduler answers there: {cause}") from None
        with client:
            yield client
        return
    with (
        LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1",
            silence_logs=50,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):  # fmt: skip
        yield client


def _answers(client: Any, parts: Sequence[Part], job: Job) -> Iterator[dict[str, Any]]:
    """What each part came to, as parts finish. Large parts first, so that no worker waits long for the last one."""
    from distributed import as_completed

    largest_first = sorted(parts, key=lambda part: -part.size)
    futures = client.map(tag_part, largest_first, job=job, pure=False, retries=_RETRIES)
    by_key = {future.key: part for future, part in zip(futures, largest_first, strict=True)}
    for future in as_completed(futures, loop=client.loop):
        part = by_key[future.key]
        if future.status == "finished":
            yield future.result()
        else:
            cause = future.exception()
            yield {
                "part": part.name,
                "path": part.path,
                "error": f"the worker gave up: {type(cause).__name__}: {cause}",
            }
        future.release()
