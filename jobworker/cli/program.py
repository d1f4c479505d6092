"""
The whole command line: its commands, and what becomes of their errors.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import click

from .. import __version__
from ..errors import JobWorkerError
from .commands import Commands
from .completing import complete, variable
from .exits import EPILOG, CannotWrite, Exit, besideJobs, exitFor
from .options import serverOptions

#: The commands that end with the code of a job.
_FOLLOWING = frozenset({"run", "stream", "wait"})


@click.group(
    cls=Commands,
    epilog=EPILOG,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="jobworker")
@serverOptions
def jobworker(**_: Any) -> None:
    """
    Run jobs on a job worker.

    The flags below are accepted before and after the subcommand, and are taken
    from the environment, or a context, where they are missing.  Where something
    does not work, 'jobworker doctor' says why.
    """
    # The type checker does not know that a shell can close it.
    if getattr(sys, "stdout", None) is None:
        raise CannotWrite("standard output is closed; leave it open or use /dev/null")


def run(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """
    Run one command.

    @param environment: Where flags are looked for that are missing.

    @return: The code to exit with.
    """
    _escapeUnwritable()
    # gRPC would write its own lines to standard error.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    name = os.path.basename(sys.argv[0]) or "jobworker"
    if name == "__main__.py":
        name = "jobworker"
    shell = environment.get(variable(name))
    if shell:
        return complete(jobworker, name, environment, shell)
    subcommand: list[str] = []
    try:
        return _run(name, list(arguments), environment, subcommand)
    except BrokenPipeError:
        _abandonOutput()
        return Exit.PIPE
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except click.Abort:
        return Exit.INTERRUPTED
    except click.ClickException as error:
        said = _explained(error, " ".join([name, *subcommand]).strip())
        code = Exit.USAGE
    except JobWorkerError as error:
        said, code = str(error), exitFor(error)
    except OSError as error:
        _abandonOutput()
        said, code = f"cannot write the output: {error.strerror or error}", Exit.IOERR
    except Exception as error:  # noqa: BLE001
        said = f"this is an error in {name}, please report it: {error!r}"
        code = Exit.SOFTWARE
    _complain(f"{name}: {said}")
    return besideJobs(code) if _FOLLOWING.intersection(subcommand) else code


def _escapeUnwritable() -> None:
    """
    Have characters that standard output has no bytes for written as escapes.
    """
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


def _run(
    name: str,
    given: list[str],
    environment: Mapping[str, str],
    subcommand: list[str],
) -> int:
    """
    Find the command that is meant and run it.

    @param subcommand: Filled with the name of the subcommand as soon as it is
        known.
    """
    try:
        with jobworker.make_context(name, given, obj=environment) as context:
            try:
                result = jobworker.invoke(context)
            finally:
                subcommand.append(context.invoked_subcommand or "")
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    return result if isinstance(result, int) else Exit.OK


def _explained(error: click.ClickException, name: str) -> str:
    """
    Say what is wrong with the flags, and where help is, in one line.
    """
    said = " ".join(error.format_message().split())
    if isinstance(error, click.NoSuchOption):
        said = f"no such option '{error.option_name}'"
        if error.possibilities:
            said += f" (perhaps {' or '.join(error.possibilities)})"
        elif name.endswith((" kill", " stop")) and not error.option_name[1].islower():
            said += "; a signal is named as in '-s KILL'"
        elif name.endswith((" run", " start")):
            said += "; arguments of the command stand behind '--'"
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else name
    if said:
        said = said[0].lower() + said[1:].rstrip(".")
    return f"{said}; see '{path} --help'"


def _complain(text: str) -> None:
    """
    Write a line to standard error, if anybody listens.
    """
    # The type checker does not know that a shell can close it.
    if getattr(sys, "stderr", None) is not None:
        with suppress(OSError, ValueError):
            click.echo(text, err=True)


def _abandonOutput() -> None:
    """
    See to it that nothing more is written to standard output, not even what
    is in its buffer.
    """
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)
