"""
Named servers of a user: the file that they are in, as it is read.

It is TOML::

    current = "work"

    [contexts.work]
    address = "jobs.example:7777"
    cert = "alice_cert.pem"
    key = "alice_key.pem"
    ca = ["server_ca.pem"]
    token = "alice.jwt"

Names of files count from the directory of this file on, or begin with C{~}.  A
token is in a file of its own, never in this one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from attrs import field, frozen

from .credentials import looksLikeToken
from .failures import BadContext, Unreadable
from .toml import TOMLFile

#: What a context may say, each with what it is.
KEYS: Final[Mapping[str, str]] = {
    "address": "address",
    "cert": "certificate",
    "key": "key",
    "ca": "CA certificate",
    "token": "token",
}

#: What a context may be called.
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")

_KNOWN: Final = f"a context has {', '.join(KEYS)} and nothing else"

NAMING: Final = "it has up to 64 letters, digits, '.', '-' and '_'"

APART: Final = "put it into a file that you alone can read, and give the name of that"


def configFile(environment: Mapping[str, str]) -> Path | None:
    """
    Say where the contexts of a user are.

    @return: C{None} if there is no place for them.
    """
    base, home = environment.get("XDG_CONFIG_HOME", ""), environment.get("HOME", "")
    if not os.path.isabs(base):
        if not os.path.isabs(home):
            return None
        base = os.path.join(home, ".config")
    return Path(base, "jobworker", "config.toml")


@frozen
class ContextFile:
    """
    The contexts of a user, none of them wrong in form.

    @ivar written: The file that they are in.
    """

    written: TOMLFile

    @classmethod
    def load(cls, path: Path) -> ContextFile:
        """
        Read a file.  One that is not there has no contexts.

        @raise Unreadable: If it cannot be read.

        @raise BadContext: If it is not as it should be.
        """
        return cls.of(TOMLFile.load(path))

    @classmethod
    def of(cls, written: TOMLFile) -> ContextFile:
        """
        Take what stands, or will stand, in a file.

        @raise BadContext: If it is not as it should be.
        """
        taken = cls(written)
        taken._check()
        return taken

    @property
    def current(self) -> str:
        """
        The name of the context that counts if no other is named; may be empty.
        """
        return str(self.written.document.get("current", ""))

    def names(self) -> Sequence[str]:
        """
        Name all contexts, in the order in which they are written.
        """
        return [*self.written.document.get("contexts", ())]

    def context(self, name: str, origin: str = "") -> Context:
        """
        Find a context.

        @param origin: Who asks for it, for errors.

        @raise BadContext: If there is none of this name.
        """
        if name not in self.names():
            if not origin and name == self.current:
                origin = self.written.where("current")
            known = ", ".join(self.names())
            raise BadContext(
                f"{origin + ': ' if origin else ''}there is no context {name!r} in "
                f"{self.written.path}",
                f"those there are: {known}"
                if known
                else "make it with 'jobworker context add'",
            )
        return Context(name, self.written, self.written.document["contexts"][name])

    def _check(self) -> None:
        """
        See that everything is what it should be.
        """
        document = self.written.document
        for key in document:
            if key not in ("current", "contexts"):
                raise self._wrong(
                    f"unknown key {key!r}",
                    "the file has 'current' and tables [contexts.NAME]",
                    key,
                )
        if not isinstance(document.get("current", ""), str):
            raise self._wrong(
                "'current' is no text", "write the name of a context", "current"
            )
        contexts = document.get("contexts", {})
        if not isinstance(contexts, Mapping):
            raise self._wrong(
                "'contexts' is no table", "write [contexts.NAME]", "contexts"
            )
        for name, values in contexts.items():
            self._checkContext(name, values)

    def _checkContext(self, name: str, values: object) -> None:
        """
        See that one context is what it should be.
        """
        place = ("contexts", name)
        if not isinstance(values, Mapping):
            raise self._wrong(
                f"{name!r} is no context", f"write [contexts.{name}]", *place
            )
        if not isName(name):
            raise self._wrong(f"{name!r} is no name for a context", NAMING, *place)
        for key, value in values.items():
            if key not in KEYS:
                raise self._wrong(
                    f"unknown key {key!r} in context {name!r}", _KNOWN, *place, key
                )
            given = value if key == "ca" and isinstance(value, list) else [value]
            if not given or not all(isinstance(each, str) and each for each in given):
                raise self._wrong(
                    f"{key!r} of context {name!r} is no text",
                    "write it in quotation marks",
                    *(*place, key),
                )
            if key == "token" and looksLikeToken(value):
                raise self._wrong(f"context {name!r} holds a token", APART, *place, key)

    def _wrong(self, said: str, remedy: str, *keys: str) -> BadContext:
        """
        Say what is wrong, and where.
        """
        return BadContext(f"{self.written.where(*keys)}: {said}", remedy)


@frozen
class Context:
    """
    One named server, and who calls it; what is missing comes from elsewhere.
    """

    name: str
    _file: TOMLFile = field(repr=False)
    _values: Mapping[str, Any] = field(repr=False)

    def get(self, key: str) -> tuple[str, ...]:
        """
        Read what the context says of something: nothing, one value or, for
        authorities, several.  Names of files are absolute.
        """
        value = self._values.get(key, ())
        values = tuple(value) if isinstance(value, list | tuple) else (value,)
        if key == "address":
            return values
        folder = os.path.abspath(self._file.path.parent)
        return tuple(
            os.path.normpath(os.path.join(folder, os.path.expanduser(each)))
            for each in values
        )

    def where(self, key: str) -> str:
        """
        Say where that is written, as file and line.
        """
        return self._file.where("contexts", self.name, key)

    def requireFiles(self, key: str) -> None:
        """
        See that the files that it names can be read.

        @raise Unreadable: If one cannot.
        """
        for path in self.get(key):
            try:
                with open(path, "rb"):
                    continue
            except (OSError, ValueError) as error:
                reason = error.strerror if isinstance(error, OSError) else error
                raise Unreadable(
                    f"{self.where(key)}: cannot read {KEYS[key]} {path!r}: {reason}",
                    f"correct context {self.name!r} there, or see who may read the "
                    "file",
                ) from None


def isName(text: str) -> bool:
    """
    Say whether a context may be called so.
    """
    return _NAME.fullmatch(text) is not None
