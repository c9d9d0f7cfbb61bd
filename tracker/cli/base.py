"""What the verbs share: the options before the verb, the archive, progress, tables and JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tracker.errors import UsageError

if TYPE_CHECKING:
    from tracker.analysis.rows import OfficialRow
    from tracker.archive import Archive
    from tracker.config import Settings
    from tracker.lexicon import Lexicon
    from tracker.model import Source


OFFICIAL_FILE = "first_reports.local.csv"  # the analyst's official dates, beside sources.yaml


@dataclass(slots=True)
class State:
    """The options before the verb, and what is opened from them on demand."""

    db: str
    sources: str | None
    verbosity: int = 0

    def say(self, line: str, *, level: int = 0) -> None:
        """A diagnostic on stderr, when the user asked for that much."""
        if self.verbosity >= level:
            click.echo(line, err=True)

    def sources_file(self) -> Path:
        """Where the list of sources is read from."""
        from tracker.places import find_sources

        return find_sources(self.sources)

    def load_sources(self) -> list[Source]:
        """All entries; raises ConfigError with one line a mistake."""
        from tracker.config import load_sources
        from tracker.sources import KINDS, validate_options

        return load_sources(self.sources_file(), kinds=tuple(KINDS), check_options=validate_options)

    def folder(self) -> Path:
        """Where `tracker.yaml` and the analyst's own lexicon stand: beside the list of sources, else here."""
        path = self.sources_file()
        return path.parent if self.sources or path.parent == Path() else Path()

    def settings(self) -> Settings:
        """`tracker.yaml` beside the list of sources, or the defaults."""
        from tracker.config import load_settings

        return load_settings(self.folder())

    def searches(self) -> Mapping[str, str]:
        """Saved searches of `tracker.yaml`; nothing that reads settings is loaded where there is no such file."""
        from tracker.places import SETTINGS_NAME

        return self.settings().searches if (self.folder() / SETTINGS_NAME).exists() else {}

    def lexicon(self) -> Lexicon:
        """The knowledge base with the analyst's own additions."""
        from tracker.lexicon import load

        return load(self.own_lexicon())

    def own_lexicon(self) -> Path | None:
        """The analyst's additions beside the list of sources, None where there are none."""
        from tracker.lexicon.load import LOCAL_FILE

        own = self.folder() / LOCAL_FILE
        return own if own.exists() else None

    def official(self) -> dict[str, tuple[OfficialRow, ...]]:
        """Official dates by substance; the analyst's `first_reports.local.csv` wins."""
        from tracker.analysis.official import load_official

        own = self.folder() / OFFICIAL_FILE
        lexicon = self.lexicon()

        def canonical(name: str) -> str:
            found = lexicon.find(name)
            return found.name if found else name

        return load_official(own if own.exists() else None, canonical=canonical)

    def archive(self, *, create: bool = False) -> Archive:
        """The archive; a reading verb on a missing one is a UsageError."""
        from tracker.archive import Archive

        return Archive.open(Path(self.db), create=create)


pass_state = click.make_pass_decorator(State)


def utc_now() -> datetime:
    """The one place where the command line looks at the clock; whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


class Moment(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """`2026-11-24` (start of that day) or `2026-11-24T07:00:00Z`, as an aware UTC datetime."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is not a moment; write 2026-11-24 or 2026-11-24T07:00:00Z", param, ctx)


class ClaimedDate(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """`2026`, `2026-11` or `2026-11-24`, kept as written because a coarse date is a period."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value)
        try:
            parts = [int(p) for p in text.split("-")]
            if not (1 <= len(parts) <= 3 and len(text.split("-")[0]) == 4):
                raise ValueError
            datetime(*[*parts, 1, 1][:3])  # type: ignore[arg-type]
        except (ValueError, TypeError):
            self.fail(f"{text!r} is not a date; write 2026, 2026-11 or 2026-11-24", param, ctx)
        return text


def as_json(value: Any) -> str:
    """One object as JSON for people and scripts: UTF-8, indented."""
    return json.dumps(value, ensure_ascii=False, indent=1)


def as_json_lines(value: Mapping[str, Any], rows: str) -> str:
    """As `as_json`, for an object whose list `rows` may be long: a line for each of them."""
    head = as_json({name: part for name, part in value.items() if name != rows}).removesuffix("\n}")
    lines = ",".join(f"\n  {json.dumps(row, ensure_ascii=False)}" for row in value[rows])
    end = "\n ]" if lines else "]"
    return f'{head},\n "{rows}": [{lines}{end}\n}}'


def write_jsonl(rows: Iterable[Mapping[str, Any]]) -> None:
    """One object a line on stdout."""
    for row in rows:
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> None:
    """A table on stdout; plain and unwrapped where stdout is no terminal, so that scripts can cut it."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, title=title, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text("" if cell is None else printable(str(cell))) for cell in row))
    console = Console(width=None if sys.stdout.isatty() else 200, highlight=False)
    console.print(table)


def printable(text: str) -> str:
    """Text from outside without control characters, which could command a terminal."""
    return "".join(c if c.isprintable() else " " for c in text)


@contextmanager
def progress(state: State, label: str, total: int | None) -> Iterator[Callable[[str], None]]:
    """A progress bar on stderr where that is a terminal; else quiet. Yields a function that moves it by one step."""
    if state.verbosity < 0 or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)

        def step(what: str) -> None:
            bar.update(task, advance=1, description=f"{label} {printable(what)}")

        yield step


@contextmanager
def counting(state: State, label: str) -> Iterator[tuple[Callable[[int], None], Callable[[str], None]]]:
    """Progress whose total is only known later: yields a function that sets it and one that moves by a step."""
    if state.verbosity < 0 or not sys.stderr.isatty():
        yield (lambda _: None), (lambda _: None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield (lambda total: bar.update(task, total=total)), (lambda _: bar.advance(task))


def output(path: str | None) -> Any:
    """A context manager for text or bytes to `path`, whole or not at all, or to stdout."""
    return _File(path) if path and path != "-" else _Stdout()


class _Stdout:
    def __enter__(self) -> Callable[[str | bytes], None]:
        def write(data: str | bytes) -> None:
            if isinstance(data, bytes):
                sys.stdout.flush()
                sys.stdout.buffer.write(data)
            else:
                sys.stdout.write(data)

        return write

    def __exit__(self, *_: object) -> None:
        sys.stdout.flush()


class _File:
    """Writes beside the target and renames at the end, so that a killed run leaves the old file."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._parts: list[bytes] = []

    def __enter__(self) -> Callable[[str | bytes], None]:
        if not self._path.parent.is_dir():
            raise UsageError(f"{self._path}: the folder {self._path.parent} does not exist")
        return lambda data: self._parts.append(data if isinstance(data, bytes) else data.encode())

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            write_whole(self._path, b"".join(self._parts))


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(data)
    part.replace(path)
