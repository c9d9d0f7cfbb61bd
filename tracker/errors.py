"""The one error hierarchy. A message names the source, entry, field or line and says what to do."""

from __future__ import annotations


class TrackerError(Exception):
    """Base of all expected failures; the command line prints it as one line and exits with `exit_status`."""

    exit_status = 1


class ConfigError(TrackerError):
    """Unusable settings, `sources.yaml` or arguments; `problems` has one line per mistake."""

    exit_status = 2

    def __init__(self, problems: list[str] | str) -> None:
        self.problems = [problems] if isinstance(problems, str) else problems
        super().__init__("\n".join(self.problems))


class UsageError(TrackerError):
    """A wrong argument or a missing archive: the caller must ask differently."""

    exit_status = 2


class LexiconError(TrackerError):
    """The knowledge base contradicts itself; the message names file, row and column."""

    exit_status = 2


class FetchError(TrackerError):
    """A request failed (network, time-out, size, guard); the message has the cause, never a secret."""


class BlockedError(FetchError):
    """The server refuses us: 401, 403 or a challenge page where data was due."""


class GuardError(FetchError):
    """An address found in fetched content is not allowed (private, loopback, another port, other scheme)."""


class ParseError(TrackerError):
    """A payload is not of its kind or is broken; the message names what was expected and what was found."""


class ArchiveError(TrackerError):
    """The archive cannot be opened, read or written (locked, full disk, damaged, newer schema)."""
