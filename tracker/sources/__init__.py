"""How each kind of source is read: pure functions from bytes to documents.

One module is one kind: `tracker/sources/NAME.py` (or `file_NAME.py` for what only comes as a file) with a module-level
`KIND`. Adding a kind is adding that module and its test; nothing else names it. Modules are imported when asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracker.errors import UsageError

if TYPE_CHECKING:
    from tracker.model import Page
    from tracker.sources._base import SourceKind

_FILE = "file_"


def _modules() -> Iterator[str]:
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if not path.stem.startswith("_"):
            yield path.stem


KINDS: tuple[str, ...] = tuple(name for name in _modules() if not name.startswith(_FILE))
"""Kinds of source, as written in `sources.yaml`."""

FILE_KINDS: tuple[str, ...] = tuple(name.removeprefix(_FILE) for name in _modules() if name.startswith(_FILE))
"""Formats that only come as files: for `tracker parse` and `tracker import`."""


@cache
def kind(name: str) -> SourceKind:
    """Return the kind called `name` (a source's or a file's); UsageError names the known ones otherwise."""
    if name in KINDS:
        module = name
    elif name in FILE_KINDS:
        module = _FILE + name
    else:
        raise UsageError(
            f"unknown kind {name!r}; known kinds: {', '.join(KINDS)}; for files also: {', '.join(FILE_KINDS)}"
        )
    found: SourceKind = import_module(f"tracker.sources.{module}").KIND
    return found


def validate_options(name: str, options: Mapping[str, Any]) -> list[str]:
    """Return one line for each mistake in a source's `options`, each naming its field; [] when all is well."""
    from tracker.sources._base import option_problems

    return option_problems(kind(name), options) if options else list(_without_options(name))


@cache
def _without_options(name: str) -> tuple[str, ...]:
    """Most entries have none, and there are hundreds of a kind."""
    from tracker.sources._base import option_problems

    return tuple(option_problems(kind(name), {}))


def parse_file(name: str, data: bytes, *, url: str = "", options: Mapping[str, Any] | None = None) -> Page:
    """Read one recorded payload as kind `name` would: what `tracker parse` and `tracker import` call.

    Raises ParseError for what is not of the kind, ConfigError for wrong options, UsageError for an unknown kind.
    """
    from tracker.errors import ConfigError
    from tracker.model import Payload, Request, Source

    found = kind(name)
    given = dict(options or {})
    if problems := validate_options(name, given):
        raise ConfigError([f"options of {name}: {line}" for line in problems])
    source = Source(id=name, kind=name, url=url, options=given)
    return found.read(source, Payload(body=data, url=url), Request(url=url, step=found.file_step))
