"""
Which jobs a command is for: by name, or by what they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import click

from ..client.filters import Filter
from ..client.values import State

if TYPE_CHECKING:
    from ..client.client import Client

_Function = TypeVar("_Function", bound=Callable[..., Any])

#: The states that can be asked for.
STATES: Final = tuple(each for each in State if each is not State.UNKNOWN)

_OWN: Final = (
    click.option(
        "--owner", default="", metavar="NAME", help="Jobs of this subject only."
    ),
    click.option(
        "--label",
        "labels",
        multiple=True,
        metavar="NAME[=VALUE]",
        help="Jobs with this label only; may be given more than once.",
    ),
    click.option("--name", default="", metavar="NAME", help="Jobs of this name only."),
)


several: Final = click.argument("called", nargs=-1, required=True, metavar="JOB…")


def jobs(function: _Function) -> _Function:
    """
    Give a command jobs, as arguments or, as it was of old, by a flag.
    """
    return _called(function, "JOB…")


def job(function: _Function) -> _Function:
    """
    Give a command one job, in the same way.
    """
    return _called(function, "JOB")


def _called(function: _Function, metavar: str) -> _Function:
    """
    Give a command what jobs are called.

    @param metavar: C{"JOB"} if it may be only one.
    """

    @click.argument("called", nargs=-1, metavar=metavar)
    @click.option(
        "--job",
        "old",
        metavar="JOB",
        help="The id of the job, the beginning of it, or its name; or it stands "
        "without this.",
    )
    @wraps(function)
    def command(called: tuple[str, ...], old: str | None, **rest: Any) -> object:
        """
        Put them together.
        """
        if old is not None:
            called = (old, *called)
        if not called:
            raise click.UsageError("which job? give its id or name, or --job")
        if metavar == "JOB" and len(called) > 1:
            raise click.UsageError("one job only; 'jobworker logs -f' takes several")
        return function(called=called, **rest)

    return cast(_Function, command)


def resolved(client: Client, called: Sequence[str]) -> list[str]:
    """
    Find the ids of jobs, each of them once.

    Before anything is done to one, it is known which are meant.
    """
    return [*dict.fromkeys(map(client.resolve, called))]


def stateOption(text: str) -> Callable[[_Function], _Function]:
    """
    Make the flag that names states.

    @param text: What it does.
    """
    return click.option(
        "--state",
        "states",
        multiple=True,
        type=click.Choice([each.value for each in STATES]),
        help=text,
    )


def choosing(function: Callable[..., Any]) -> Callable[..., Any]:
    """
    Give a command the flags that choose jobs by what does not change of them.
    It gets C{chosen}, a L{Filter} for jobs in any state.
    """

    @wraps(function)
    def command(*args: Any, **kwargs: Any) -> Any:
        """
        Take those flags from the others.
        """
        chosen = Filter(
            owner=kwargs.pop("owner"),
            labels=_labels(kwargs.pop("labels")),
            name=kwargs.pop("name"),
        )
        return function(*args, chosen=chosen, **kwargs)

    for option in reversed(_OWN):
        command = option(command)
    return command


def _labels(given: Sequence[str]) -> dict[str, str | None]:
    """
    Read labels that are wanted.
    """
    labels: dict[str, str | None] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not name:
            raise click.UsageError(f"{each!r} is not written as NAME or NAME=VALUE")
        if name in labels:
            raise click.UsageError(f"the label {name} is wanted twice")
        labels[name] = value if equals else None
    return labels
