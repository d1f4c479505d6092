"""
Flags that choose jobs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Final, TypeVar

import click

from ..client.filters import Filter
from ..client.values import State

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
