"""The command line as a whole: its groups, its help, and how it ends."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from kaikou.cli import bench, console, doctor, models, serve, settings, speak, talk, transcribe, voices
from kaikou.errors import KaikouError

app = typer.Typer(
    name="kaikou",
    no_args_is_help=True,
    rich_markup_mode=None,  # rich would cost half a second of imports to print the help
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=console.EXIT_CODES,
)

app.command("serve")(serve.serve)
app.command("talk")(talk.talk)
app.command("transcribe")(transcribe.transcribe)
app.command("speak")(speak.speak)
app.command("voices")(voices.voices)
app.add_typer(models.app, name="models")
app.add_typer(settings.app, name="settings")
app.command("doctor")(doctor.doctor)
app.add_typer(bench.app, name="bench")


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"kaikou {version('kaikou')}")
        raise typer.Exit


@app.callback()
def root(
    debug: Annotated[bool, typer.Option("--debug", help="Show the full traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Kaikou 开口 listens, thinks and speaks, on your own machine.

    kaikou serve opens the page; kaikou talk has the conversation right here.
    """
    console.debug = debug


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code (see ``console.EXIT_CODES``)."""
    try:
        app(args=list(arguments) if arguments is not None else None, prog_name="kaikou")
    except KaikouError as error:
        if console.debug:
            raise
        console.print_error(error)
        return console.exit_code(error)
    except KeyboardInterrupt:
        return console.Exit.INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return console.Exit.FAILURE
    except SystemExit as leaving:
        code = leaving.code
        return code if isinstance(code, int) else (console.Exit.OK if code is None else console.Exit.FAILURE)
    except Exception as error:
        if console.debug:
            raise
        console.print_unexpected(error)
        return console.Exit.FAILURE
    return console.Exit.OK
