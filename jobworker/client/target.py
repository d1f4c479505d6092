"""
Where the server is and who calls, put together from all places where something
may have been said.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Final

from attrs import field, frozen

from .addresses import Address
from .contexts import KEYS, Context, ContextFile, configFile
from .credentials import Credentials, loadToken
from .failures import BadContext, Incomplete

#: The server that is meant if nothing is said.
DEFAULT_ADDRESS: Final = "127.0.0.1"


def variable(name: str) -> str:
    """
    Name the environment variable that stands for a flag.
    """
    return f"JOBWORKER_{name.upper()}"


@frozen
class Setting:
    """
    Something that was said, and where.

    @ivar values: More than one for authorities only; may be secret.
    @ivar origin: Where it was said, in words.
    @ivar context: The context that says it.
    """

    values: tuple[str, ...] = field(repr=False)
    origin: str
    context: Context | None = None


@frozen
class Target:
    """
    A server, and who calls it.

    @ivar settings: What was said, by the names of flags.
    """

    settings: Mapping[str, Setting]

    @classmethod
    def find(
        cls,
        environment: Mapping[str, str],
        named: str = "",
        flags: Mapping[str, tuple[str, ...]] = {},
    ) -> Target:
        """
        Decide what counts: flags, then the environment, then the context.  One
        that was named counts before the environment.

        @param named: The name of a context; empty for that of the environment,
            or the current one.

        @raise Incomplete: If something was not said anywhere.

        @raise BadContext: If the context cannot be used.
        """
        settings = gather(environment, named, flags)
        missing = [name for name in KEYS if name not in settings]
        if missing:
            raise _incomplete(missing)
        return cls(settings)

    def load(self) -> tuple[Address, Credentials, str]:
        """
        Read what was said and the files that were named.

        @return: What a L{Client} is made of.
        """
        for name, setting in self.settings.items():
            if setting.context is not None and name != "address":
                setting.context.requireFiles(name)
        values = {name: setting.values for name, setting in self.settings.items()}
        return (
            Address.parse(values["address"][0]),
            Credentials.load(values["cert"][0], values["key"][0], values["ca"]),
            loadToken(values["token"][0]),
        )


def gather(
    environment: Mapping[str, str],
    named: str = "",
    flags: Mapping[str, tuple[str, ...]] = {},
) -> dict[str, Setting]:
    """
    Find out what was said, though something may be missing; see
    L{Target.find}.

    The file with contexts is read only if something in it may count.
    """
    said = [_flags(flags), _variables(environment)]
    if named:
        said.insert(1, _context(environment, named, f"--context={named}"))
    elif any(name not in said[0] and name not in said[1] for name in KEYS):
        origin = variable("context")
        asked = environment.get(origin, "")
        said.append(_context(environment, asked, origin if asked else ""))
    said.append({"address": Setting((DEFAULT_ADDRESS,), "default")})
    return {
        name: next(place[name] for place in said if name in place)
        for name in KEYS
        if any(name in place for place in said)
    }


def _incomplete(missing: Sequence[str]) -> Incomplete:
    """
    Say all that is missing at once.
    """
    *others, last = (f"--{name}" for name in missing)
    *rest, final = map(variable, missing)
    they, them = ("are", "them") if others else ("is", "it")
    return Incomplete(
        f"{', '.join(others) + ' and ' if others else ''}{last} {they} missing",
        f"give {them}, set {', '.join(rest) + ' and ' if rest else ''}{final}, or have "
        f"{them} in a context ('jobworker context add')",
        missing[0],
    )


def _flags(flags: Mapping[str, tuple[str, ...]]) -> dict[str, Setting]:
    return {
        name: Setting(values, f"--{name}") for name, values in flags.items() if values
    }


def _variables(environment: Mapping[str, str]) -> dict[str, Setting]:
    """
    Read the environment.
    """
    found = {}
    for name in KEYS:
        value = environment.get(variable(name), "")
        values = value.split(os.pathsep) if name == "ca" else [value]
        if any(values):
            found[name] = Setting(tuple(filter(None, values)), variable(name))
    return found


def _context(
    environment: Mapping[str, str], name: str, origin: str
) -> dict[str, Setting]:
    """
    Read a context.

    @param name: Which; empty for the current one, if there is one.
    """
    path = configFile(environment)
    if path is None:
        if not name:
            return {}
        raise BadContext(
            f"{origin}: there is no place for contexts", "set HOME to a directory"
        )
    file = ContextFile.load(path)
    name = name or file.current
    if not name:
        return {}
    context = file.context(name, origin)
    return {
        key: Setting(context.get(key), f"context {name!r}", context)
        for key in KEYS
        if context.get(key)
    }
