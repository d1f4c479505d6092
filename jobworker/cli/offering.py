"""
What can be offered to whoever types a command: files, contexts, signals, and
jobs, which a server has to be asked for.

Whatever goes wrong, nothing is offered and nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from signal import Signals
from typing import Final

import click
from click.shell_completion import CompletionItem

from ..client.contexts import ContextFile, configFile
from ..client.filters import Filter
from ..client.values import JobStatus, State
from .options import saidIn
from .rendering import plain, stateOf

#: Seconds that a server may take to answer.
_PATIENCE: Final = 1.0

#: How many jobs are looked at, the newest ones.
_ENOUGH: Final = 200

#: The states that jobs are in which a command is for.
_ENDED: Final = (State.EXITED, State.STOPPED, State.LOST)
_STATES: Final = {
    "stop": (State.RUNNING,),
    "kill": (State.RUNNING,),
    "wait": (State.RUNNING,),
    "delete": _ENDED,
}

#: What no shell takes for something else.
_SAFE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]*")

Items = Iterator[CompletionItem]
Offering = Callable[[click.Context, click.Parameter, str], Items]


class OfferingType(click.ParamType):  # type: ignore[type-arg]
    """
    A text, for which something is offered.
    """

    name = "text"

    def __init__(self, offer: Offering) -> None:
        """
        @param offer: Says what is offered to complete what is there.
        """
        self._offer = offer

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """
        Offer something, or nothing if that fails.
        """
        try:
            return [*self._offer(ctx, param, incomplete)]
        except Exception:  # noqa: BLE001
            return []


def files(_: click.Context, __: click.Parameter, incomplete: str) -> Items:
    """
    Let the shell offer files.
    """
    yield CompletionItem(incomplete, type="file")


def folders(_: click.Context, __: click.Parameter, incomplete: str) -> Items:
    """
    Let the shell offer directories.
    """
    yield CompletionItem(incomplete, type="dir")


def signals(_: click.Context, __: click.Parameter, incomplete: str) -> Items:
    """
    Offer the names of signals.
    """
    begin = incomplete.upper()
    lead = "" if begin.startswith("SIG") else "SIG"
    for each in Signals:
        name = each.name.removeprefix(lead)
        if name.startswith(begin):
            yield CompletionItem(name)


def contexts(ctx: click.Context, _: click.Parameter, incomplete: str) -> Items:
    """
    Offer the contexts that there are.
    """
    path = configFile(ctx.find_root().obj)
    if path is not None:
        file = ContextFile.load(path)
        for name in file.names():
            if name.startswith(incomplete):
                address = plain("".join(file.context(name).get("address")))
                yield CompletionItem(name, help=address)


def jobs(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """
    Offer the jobs that there are, by their names and their ids.
    """
    given = ctx.params.get(param.name or "") or ()
    seen = set(given if isinstance(given, tuple) else ())
    for status in _jobs(ctx, incomplete):
        help_ = plain(f"{stateOf(status)} {status.program}")
        for text in (status.specification.name, status.identifier):
            if (
                text.startswith(incomplete)
                and text not in seen
                and _SAFE.fullmatch(text)
            ):
                seen.add(text)
                yield CompletionItem(text, help=help_)


def _jobs(ctx: click.Context, incomplete: str) -> Iterator[JobStatus]:
    """
    Ask the server for jobs.
    """
    address, credentials, token = saidIn(ctx).settings().target.load()
    # This is what takes time to load.
    from .hasty import HastyClient

    states = _STATES.get(ctx.info_name or "", ())
    with HastyClient(address, credentials, token, _PATIENCE) as client:
        if re.fullmatch(r"[0-9a-f-]+", incomplete):
            yield from client.jobs(Filter(states, prefix=incomplete), limit=_ENOUGH)
        yield from islice(client.jobs(Filter(states), limit=_ENOUGH), _ENOUGH)
