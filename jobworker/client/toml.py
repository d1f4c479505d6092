"""
A file in TOML, of which it can be said on which line something stands.

Nothing here knows what it should say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from attrs import field, frozen

from .credentials import LIMIT
from .failures import BadContext, Unreadable

#: The lines that a value has at most, for its place to be known.
_LONGEST: Final = 100

#: Where a parser says that it stopped.
_LINE: Final = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


@frozen
class TOMLFile:
    """
    A file, as text and as what that says.
    """

    path: Path
    text: str = field(repr=False)
    document: Mapping[str, Any]

    @classmethod
    def load(cls, path: Path) -> TOMLFile:
        """
        Read a file.  One that is not there says nothing.

        @raise Unreadable: If it cannot be read.

        @raise BadContext: If it is not TOML, or too large.
        """
        return cls.of(path, _read(path))

    @classmethod
    def of(cls, path: Path, text: str) -> TOMLFile:
        """
        Take what stands, or will stand, in a file.

        @raise BadContext: If it is not TOML.
        """
        return cls(path, text, _parse(path, text) if text else {})

    def where(self, *keys: str) -> str:
        """
        Say where something stands, as file and line.
        """
        line = self.line(*keys)
        return str(self.path) if line is None else f"{self.path}, line {line}"

    def line(self, *keys: str) -> int | None:
        """
        Find the line where something stands.
        """
        lines = self.text.split("\n")
        for number, line in enumerate(lines):
            if keys[-1] not in line:
                continue
            # What is written up to a line is sound by itself, if a value does
            # not go on behind it.
            for end in range(number + 1, min(number + _LONGEST, len(lines)) + 1):
                found = _sound("\n".join(lines[:end]))
                if found is None:
                    continue
                for key in keys:
                    found = found.get(key) if isinstance(found, Mapping) else None
                if found is not None:
                    return number + 1
                break
        return None


def _read(path: Path) -> str:
    """
    Read a file of modest size, if it is there.
    """
    try:
        with open(path, "rb") as file:
            content = file.read(LIMIT + 1)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        raise Unreadable.of(str(path), error, "see who may read it") from None
    if len(content) > LIMIT:
        raise BadContext(f"{path} is too large", "look what it is")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadContext(
            f"{path}, line {line}: this is not UTF-8", "write it anew in UTF-8"
        ) from None


def _parse(path: Path, text: str) -> Mapping[str, Any]:
    """
    Read TOML, which is loaded when there is some.
    """
    try:
        return _toml(text)
    except ValueError as error:
        said = str(error)
        found = _LINE.search(said)
        line = (found and found[1]) or text.rstrip("\n").count("\n") + 1
        reason = _LINE.sub("", said).rstrip(".")
        raise BadContext(
            f"{path}, line {line}: {reason[:1].lower()}{reason[1:]}",
            "correct the file; it must be TOML",
        ) from None
    except RecursionError:
        raise BadContext(f"{path} is nested too deeply", "look what it is") from None


def _sound(text: str) -> Any:
    """
    Read TOML, if it is some.
    """
    try:
        return _toml(text)
    except ValueError:
        return None


def _toml(text: str) -> Mapping[str, Any]:
    import sys

    if sys.version_info >= (3, 11):
        from tomllib import loads
    else:
        from tomli import loads
    document: Mapping[str, Any] = loads(text)
    return document
