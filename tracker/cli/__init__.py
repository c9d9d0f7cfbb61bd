"""The command line: arguments in, one or two calls, tables or JSON out. No logic that deserves a test without it.

Verbs are imported when they are called, so that `tracker --help` stays quick.
"""

from __future__ import annotations

import errno
import os
import sys

import click

from tracker.cli.base import State
from tracker.cli.verbs import VERBS


class _LazyGroup(click.Group):
    """Knows its verbs by name and one line of help; imports a verb's module only when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        from importlib import import_module

        module, attribute, _ = VERBS[cmd_name]
        command: click.Command = getattr(import_module(f"tracker.cli.{module}"), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl([(name, short) for name, (_, _, short) in VERBS.items()])


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="""
    Examples:

    \b
      tracker run --demo                      see the whole way on a packaged sample, offline
      tracker run                             what cron calls: collect, tag, store, write the digest
      tracker search "bromazolam deaths"      search the archive
      tracker VERB --help                     options and examples of one verb
    """,
)
@click.option(
    "--db",
    type=click.Path(dir_okay=False),
    envvar="TRACKER_DB",
    default="db/tracker.db",
    show_default=True,
    help="The archive (env TRACKER_DB).",
)
@click.option(
    "--sources",
    type=click.Path(dir_okay=False),
    envvar="TRACKER_SOURCES",
    help="What is watched (env TRACKER_SOURCES); default: sources.yaml here, else the packaged one.",
)
@click.option("-v", "--verbose", count=True, help="Say more on stderr.")
@click.option("-q", "--quiet", is_flag=True, help="Say only what needs attention.")
@click.version_option(package_name="nps-tracker", prog_name="tracker")
@click.pass_context
def cli(ctx: click.Context, db: str, sources: str | None, verbose: int, quiet: bool) -> None:
    """Watch public alerts and literature about new psychoactive substances.

    Every item is tagged by substance and risk theme, each tag with the sentence that justifies it, and kept in one
    SQLite archive with honest first-seen times. A digest is made for each week.
    """
    ctx.obj = State(db=db, sources=sources, verbosity=-1 if quiet else verbose)


def main() -> None:
    """Run the command line; expected failures become one clear line and an exit status, never a traceback."""
    from tracker.errors import TrackerError

    try:
        result = cli.main(standalone_mode=False)
        sys.stdout.flush()
        status = result if isinstance(result, int) else 0
    except click.exceptions.Exit as stop:
        status = stop.exit_code
    except click.ClickException as error:
        error.show()
        status = 2
    except click.Abort:
        click.echo("stopped", err=True)
        status = 1
    except TrackerError as error:
        for line in str(error).splitlines():
            click.echo(f"tracker: {line}", err=True)
        status = error.exit_status
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader (head, less) has gone: not an error
        status = 0
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        said = "disk full: nothing stored is harmed; make room and run again: " if full else ""
        click.echo(f"tracker: {said}{error}", err=True)
        status = 1
    sys.exit(status)
