"""Regular expressions that are compiled when they are first used: most texts need few, all of them slow a start."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator


class LazyPattern:
    """Offers the methods of a compiled pattern; from the first call on they are those of the pattern itself."""

    __slots__ = ("_flags", "_source", "finditer", "fullmatch", "match", "search")

    finditer: Callable[..., Iterator[re.Match[str]]]
    fullmatch: Callable[..., re.Match[str] | None]
    match: Callable[..., re.Match[str] | None]
    search: Callable[..., re.Match[str] | None]

    def __init__(self, source: str, flags: re.RegexFlag | int = 0) -> None:
        self._source, self._flags = source, flags

    def __getattr__(self, name: str) -> Callable[..., object]:
        if name not in ("finditer", "fullmatch", "match", "search"):
            raise AttributeError(name)
        compiled = re.compile(self._source, self._flags)
        self.finditer, self.fullmatch = compiled.finditer, compiled.fullmatch
        self.match, self.search = compiled.match, compiled.search
        method: Callable[..., object] = getattr(compiled, name)
        return method
