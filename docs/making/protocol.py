"""
The reference of the interface, made from its protocol file.

What there is comes from the descriptors, what it means from the comments of
the protocol file, and who may call what from the policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Final

from google.protobuf.descriptor_pb2 import FieldDescriptorProto

from jobworker.access.policy import REQUIRED, Scope
from jobworker.api import worker_pb2

SOURCE: Final = (
    Path(__file__).parents[2] / "proto" / "jobworker" / "api" / "worker.proto"
)

#: What opens something with a name, and a line that names something.
_BLOCK: Final = re.compile(r"(?:message|enum|service|oneof) (\w+) \{(\})?")
_LINE: Final = re.compile(r"(?:rpc (\w+)\(|(?:[\w.<>, ]+ )?(\w+) = \d+;)")

_FIELD: Final = FieldDescriptorProto.Type

#: What a term is explained by that needs no explanation.
NOTHING: Final = "\\ "


def comments(source: str) -> dict[str, str]:
    """
    Find what stands above the things of a protocol file.

    @return: The comments by whole names such as C{Command.cmd}, as paragraphs.
    """
    found: dict[str, str] = {}
    inside: list[str] = []
    said: list[str] = []
    for line in (line.strip() for line in source.splitlines()):
        if line.startswith("//"):
            said.append(line.removeprefix("//").strip())
            continue
        if block := _BLOCK.match(line):
            found[".".join([*inside, block[1]])] = "\n".join(said)
            if not block[2]:
                inside.append(block[1])
        elif line == "}":
            inside.pop()
        elif named := _LINE.match(line):
            found[".".join([*inside, named[1] or named[2]])] = "\n".join(said)
        said = []
    return found


def reference() -> str:
    """
    Write the reference: each method, then each message, then each enumeration.
    """
    file = worker_pb2.DESCRIPTOR
    said = comments(SOURCE.read_text("utf-8"))
    (service,) = file.services_by_name.values()
    parts = chain(
        _heading("Methods", "-"),
        chain.from_iterable(_method(each, said) for each in service.methods),
        _heading("Messages", "-"),
        chain.from_iterable(
            _message(each, said) for each in file.message_types_by_name.values()
        ),
        _heading("Enumerations", "-"),
        chain.from_iterable(
            _enumeration(each, said) for each in file.enum_types_by_name.values()
        ),
    )
    return "\n".join(parts) + "\n"


def _heading(text: str, line: str) -> list[str]:
    """
    Write a heading, and a target with its name to link to.
    """
    return [f".. _proto-{text}:", "", text, line * len(text), ""]


def _method(method: Any, said: dict[str, str]) -> Iterator[str]:
    """
    Write of one method what it takes, answers and does, and who may call it.
    """
    stream = "stream of " if method.server_streaming else ""
    yield from _heading(method.name, "~")
    yield f"{_link(method.input_type)} → {stream}{_link(method.output_type)}"
    yield ""
    yield said[f"{method.containing_service.name}.{method.name}"]
    yield ""
    whose = {Scope.ANY: "", Scope.OWN: " (own jobs)"}
    roles = REQUIRED.get(method.name, {}).items()
    yield "Who may: " + (
        ", ".join(f"``{role}``{whose[scope]}" for role, scope in roles) or "nobody yet"
    )
    yield ""


def _message(message: Any, said: dict[str, str], prefix: str = "") -> Iterator[str]:
    """
    Write of one message what it is and what is in it.
    """
    name = f"{prefix}{message.name}"
    yield from _heading(name, "~")
    yield said[name] or ("" if message.fields else "It is empty.")
    yield ""
    for field in message.fields:
        choice = field.containing_oneof
        real = choice is not None and not choice.name.startswith("_")
        path = f"{name}.{choice.name}" if real else name
        which = f" (or another ``{choice.name}``)" if real else ""
        yield f"``{field.name}`` = {field.number}{which}: {_type(field)}"
        yield from _indented(said[f"{path}.{field.name}"])
    for each in message.enum_types:
        yield from _enumeration(each, said, f"{name}.")


def _enumeration(kind: Any, said: dict[str, str], prefix: str = "") -> Iterator[str]:
    """
    Write of one enumeration what its values mean.
    """
    name = f"{prefix}{kind.name}"
    yield from _heading(name, "~")
    yield said[name]
    yield ""
    for value in kind.values:
        yield f"``{value.name}`` = {value.number}"
        yield from _indented(said[f"{name}.{value.name}"])


def _indented(text: str) -> Iterator[str]:
    """
    Write what stands below a term.
    """
    for line in (text or NOTHING).splitlines():
        yield f"    {line}".rstrip()
    yield ""


def _type(field: Any) -> str:
    """
    Name the type of a field.
    """
    kind = field.message_type or field.enum_type
    if field.message_type and kind.GetOptions().map_entry:
        key, value = kind.fields
        return f"map from {_type(key)} to {_type(value)}"
    name = (
        _link(kind) if kind else _FIELD.Name(field.type).removeprefix("TYPE_").lower()
    )
    if field.is_repeated:
        return f"any number of {name}"
    return name


def _link(kind: Any) -> str:
    """
    Link to a message or an enumeration, if it is one of ours.
    """
    if kind.full_name.startswith("proto."):
        return f":ref:`proto-{kind.full_name.removeprefix('proto.')}`"
    return f"``{kind.full_name}``"
