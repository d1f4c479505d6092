"""
Named servers of a user: the file that they are in, as it is changed.

Whatever its reader wrote there stays, comments too.  It is replaced as a whole,
so that nobody ever finds a part of it; and of two who change it at once one waits
for the other.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ..client.contexts import KEYS, ContextFile
from ..client.failures import BadContext
from ..client.toml import TOMLFile
from .files import cannotWrite, writePrivate

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


def add(
    path: Path, name: str, values: Mapping[str, tuple[str, ...]], force: bool
) -> bool:
    """
    Add a context.  If there is no current one, it becomes that.

    @param values: What it says, by the names of flags.

    @param force: Whether it may replace one.

    @return: Whether it is the current one now.

    @raise BadContext: If there is one of this name.
    """
    import tomlkit

    with _changing(path) as document:
        contexts = document.get("contexts")
        if contexts is None:
            contexts = document["contexts"] = tomlkit.table(is_super_table=True)
        if name in contexts and not force:
            raise BadContext(
                f"there is a context {name!r} already",
                "give another name, or --force to replace it",
            )
        # A comment beside a value stays where there is still such a value.
        context = contexts.setdefault(name, tomlkit.table())
        for key in KEYS:
            if not values.get(key):
                context.pop(key, None)
            else:
                context[key] = [*values[key]] if key == "ca" else values[key][0]
        if not document.get("current"):
            document["current"] = name
        return bool(document["current"] == name)


def use(path: Path, name: str) -> None:
    """
    Make a context the current one.

    @raise BadContext: If there is none of this name.
    """
    with _changing(path) as document:
        ContextFile.load(path).context(name)
        document["current"] = name


def remove(path: Path, name: str) -> bool:
    """
    Remove a context.

    @return: Whether it was the current one, so that there is none now.

    @raise BadContext: If there is none of this name.
    """
    with _changing(path, name) as document:
        if name in document.get("contexts", ()):
            del cast(MutableMapping[str, Any], document["contexts"])[name]
        if document.get("current") != name:
            return False
        del document["current"]
        return True


@contextmanager
def _changing(path: Path, removed: str = "") -> Iterator[TOMLDocument]:
    """
    Read the file, and write it when it was changed.

    @param removed: The context that shall not be there any more, as far as
        that can be done without a loss of comments.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    # Where it is a link, what it leads to is replaced.
    path = Path(os.path.realpath(path))
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(path.parent):
            loaded = ContextFile.load(path)
            text = _without(loaded, removed) if removed else loaded.written.text
            document = tomlkit.parse(text)
            yield document
            text = tomlkit.dumps(document)
            # Not every form of TOML can be added to.
            ContextFile.of(TOMLFile.of(path, text))
            writePrivate(path, text.encode("utf-8"), True)
    except OSError as error:
        raise cannotWrite(path, error) from None
    except (TOMLKitError, ValueError) as error:
        raise BadContext(
            f"{path} cannot be changed as it is written: {error}",
            "write tables [contexts.NAME] with an editor",
        ) from None


def _without(file: ContextFile, name: str) -> str:
    """
    Take the lines of a context away, if those are a table: but for comments
    behind it, as they belong to what follows.

    @raise BadContext: If there is none of this name.
    """
    file.context(name)
    written = file.written
    lines = written.text.split("\n")
    line = written.line("contexts", name)
    if line is None:
        return written.text
    begin, end = line - 1, line
    while end < len(lines) and not lines[end].lstrip().startswith("["):
        end += 1
    while end < len(lines) and lines[end - 1].strip()[:1] in ("", "#"):
        end -= 1
    text = "\n".join([*lines[:begin], *lines[end:]])
    wanted = {each: written.document["contexts"][each] for each in file.names()}
    del wanted[name]
    try:
        rest = TOMLFile.of(written.path, text)
    except BadContext:
        return written.text
    return text if rest.document.get("contexts", {}) == wanted else written.text


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """
    Wait until nobody else changes what is in a directory.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
