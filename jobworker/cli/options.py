"""
Where the server is and who calls it: flags before the subcommand, flags after
it, and the environment, in rising order of patience and falling order of rank.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, TypeVar

import click
from attrs import field, frozen

if TYPE_CHECKING:
    from ..client.client import Client

_Result = TypeVar("_Result")
_Rest = ParamSpec("_Rest")
_Function = TypeVar("_Function", bound=Callable[..., Any])

#: Each with its flags, what it takes and what it is.
_OPTIONS: Final[Mapping[str, tuple[tuple[str, ...], str, str]]] = {
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
}

_DEFAULT_ADDRESS: Final = "127.0.0.1"

#: Where the flags before the subcommand are kept in a context.  The root
#: context's object is the environment.
BEFORE: Final = "jobworker.server"


def _variable(name: str) -> str:
    """
    Name the environment variable that stands for a flag.
    """
    return f"JOBWORKER_{name.upper()}"


@frozen
class Settings:
    """
    Where the server is, and who calls.
    """

    address: str
    certificate: str
    key: str
    authorities: tuple[str, ...]
    token: str = field(repr=False)

    def client(self) -> Client:
        """
        Make a client.  It does not connect yet.
        """
        from ..client.addresses import Address
        from ..client.credentials import Credentials, loadToken

        address = Address.parse(self.address)
        credentials = Credentials.load(self.certificate, self.key, self.authorities)
        token = loadToken(self.token)
        # This is what takes time to load.
        from ..client.client import Client

        if not gc.isenabled():
            # What is there now stays, and what comes may take its time.
            gc.freeze()
            gc.enable()
        return Client(address, credentials, token)


def serverOptions(function: _Function) -> _Function:
    """
    Give a command the flags that say where the server is and who calls.
    """
    for name, (flags, metavar, text) in reversed(list(_OPTIONS.items())):
        function = click.option(
            *flags,
            name,
            metavar=metavar,
            multiple=name == "ca",
            help=f"{text} [{_variable(name)}].",
        )(function)
    return function


def withServer(
    function: Callable[Concatenate[Settings, _Rest], _Result],
) -> Callable[..., _Result]:
    """
    Give a command those flags and what follows from them, as its first
    argument.
    """

    @serverOptions
    @wraps(function)
    def command(*args: _Rest.args, **kwargs: _Rest.kwargs) -> _Result:
        """
        Take the flags of the server from the others.
        """
        own = {name: kwargs.pop(name) for name in _OPTIONS}
        context = click.get_current_context()
        before, environment = context.meta[BEFORE], context.find_root().obj
        return function(_settings(own, before, environment), *args, **kwargs)

    return command


def _settings(
    own: Mapping[str, Any], before: Mapping[str, Any], environment: Mapping[str, str]
) -> Settings:
    """
    Decide between the places where something may have been said.

    @param own: Flags after the subcommand.

    @param before: Flags before it.
    """
    values: dict[str, Any] = {}
    for name in _OPTIONS:
        said = own.get(name) or before.get(name) or environment.get(_variable(name))
        if not said and name == "address":
            said = _DEFAULT_ADDRESS
        if not said:
            raise click.UsageError(
                f"--{name} is missing: give it, or set {_variable(name)}"
            )
        values[name] = said
    authorities = values["ca"]
    if isinstance(authorities, str):
        authorities = [each for each in authorities.split(os.pathsep) if each]
    return Settings(
        address=values["address"],
        certificate=values["cert"],
        key=values["key"],
        authorities=tuple(authorities),
        token=values["token"],
    )
