"""
Where the server is and who calls it: flags before the subcommand and after it,
which L{jobworker.client.target} puts together with what else there is.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, TypeVar

import click
from attrs import field, frozen

from ..client.contexts import KEYS
from ..client.failures import Incomplete
from ..client.target import Target, variable

if TYPE_CHECKING:
    from ..client.client import Client
    from .frugal import FrugalClient

_Result = TypeVar("_Result")
_Rest = ParamSpec("_Rest")
_Function = TypeVar("_Function", bound=Callable[..., Any])

#: Each with its flags, what it takes and what it is.
_OPTIONS: Final[dict[str, tuple[tuple[str, ...], str, str]]] = {
    "address": (
        ("--a", "--address"),
        "HOST[:PORT]",
        "The server; 127.0.0.1:7777 if nothing is said",
    ),
    "cert": (("--cert",), "FILE", "The client certificate, in PEM"),
    "key": (("--key",), "FILE", "The private key of the client certificate, in PEM"),
    "ca": (
        ("--ca",),
        "FILE",
        "The CA that the server's certificate comes from; may be given more than once",
    ),
    "token": (("--token",), "FILE|TOKEN", "The token, or a file that holds it"),
    "context": (
        ("--context",),
        "NAME",
        "The context that says what no other flag does",
    ),
}


@frozen
class Said:
    """
    What flags and the environment say of a server, as it is.

    @ivar named: The context that a flag names; empty if none does.
    @ivar flags: Values by the names of flags; none where one is missing.
    """

    environment: Mapping[str, str] = field(repr=False)
    named: str
    flags: Mapping[str, tuple[str, ...]] = field(repr=False)

    def settings(self) -> Settings:
        """
        Find out what counts.
        """
        try:
            return Settings(Target.find(self.environment, self.named, self.flags))
        except Incomplete as failure:
            raise click.UsageError(str(failure)) from None


@frozen
class Settings:
    """
    Where the server is, and who calls.
    """

    target: Target

    def client(self) -> Client:
        """
        Make a client.  It does not connect yet.
        """
        loaded = self.target.load()
        # This is what takes time to load.
        from ..client.client import Client

        _collect()
        return Client(*loaded)

    def frugalClient(self) -> FrugalClient:
        """
        Make a client that has no more connections than it must.
        """
        loaded = self.target.load()
        from .frugal import FrugalClient

        _collect()
        return FrugalClient(*loaded)


def _collect() -> None:
    """
    Look for garbage from now on.
    """
    if not gc.isenabled():
        # What is there now stays, and what comes may take its time.
        gc.freeze()
        gc.enable()


def serverOptions(function: _Function) -> _Function:
    """
    Give a command the flags that say where the server is and who calls.
    """
    for name in reversed(_OPTIONS):
        function = _option(name, f" [{variable(name)}].")(function)
    return function


def connectionOptions(function: _Function) -> _Function:
    """
    Give a command those of them that a context stands for.
    """
    for name in reversed([*KEYS]):
        function = _option(name, ".")(function)
    return function


def _option(name: str, end: str) -> Callable[[_Function], _Function]:
    """
    Make one of them.

    @param end: How its explanation ends.
    """
    flags, metavar, text = _OPTIONS[name]
    return click.option(
        *flags, name, metavar=metavar, multiple=name == "ca", help=text + end
    )


def withServer(
    function: Callable[Concatenate[Settings, _Rest], _Result],
) -> Callable[..., _Result]:
    """
    Give a command those flags and what follows from them, as its first
    argument.
    """

    @withWords
    @wraps(function)
    def command(heard: Said, /, *args: _Rest.args, **kwargs: _Rest.kwargs) -> _Result:
        """
        Find out what counts.
        """
        return function(heard.settings(), *args, **kwargs)

    return command


def withWords(
    function: Callable[Concatenate[Said, _Rest], _Result],
) -> Callable[..., _Result]:
    """
    Give a command those flags and what they say, whatever it is, as its first
    argument.
    """

    @serverOptions
    @wraps(function)
    def command(*args: _Rest.args, **kwargs: _Rest.kwargs) -> _Result:
        """
        Take the flags of the server from the others.
        """
        heard = said({name: kwargs.pop(name) for name in _OPTIONS})
        return function(heard, *args, **kwargs)

    return command


def said(own: Mapping[str, Any]) -> Said:
    """
    Decide between flags after the subcommand and before it.

    @param own: Those after it, of which there may be more.
    """
    return saidIn(click.get_current_context(), own)


def saidIn(context: click.Context, own: Mapping[str, Any] = {}) -> Said:
    """
    Decide between flags after the subcommand and before it, as a context has
    them.

    @param own: Those after it where the context does not have them.
    """
    # The object of the first context is the environment.
    root = context.find_root()
    nearest = {
        name: own.get(name) or context.params.get(name) or root.params.get(name) or ()
        for name in _OPTIONS
    }
    flags = {
        name: (value,) if isinstance(value, str) else tuple(value)
        for name, value in nearest.items()
    }
    named = flags.pop("context")
    return Said(root.obj, "".join(named), flags)
