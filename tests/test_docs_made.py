"""
The pages of the documentation that are made of the program.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from docs.making import programs, protocol
from jobworker.api import worker_pb2
from jobworker.cli.program import jobworker
from tests.daemons import ROOT


def things() -> Iterator[str]:
    """
    Name everything that the protocol file describes.
    """
    file = worker_pb2.DESCRIPTOR
    for service in file.services_by_name.values():
        yield service.name
        yield from (f"{service.name}.{each.name}" for each in service.methods)
    for message in file.message_types_by_name.values():
        yield from thingsOfMessage(message)
    for kind in file.enum_types_by_name.values():
        yield from thingsOfEnumeration(kind, "")


def thingsOfMessage(message: Any) -> Iterator[str]:
    """
    Name a message and what is in it, as the file nests it.
    """
    yield message.name
    choices = {field.name: message.name for field in message.fields}
    for choice in message.oneofs:
        # A field that may be unset is a choice of its own, with a made name.
        if not choice.name.startswith("_"):
            path = f"{message.name}.{choice.name}"
            yield path
            choices |= {field.name: path for field in choice.fields}
    yield from (f"{path}.{name}" for name, path in choices.items())
    for kind in message.enum_types:
        yield from thingsOfEnumeration(kind, f"{message.name}.")


def thingsOfEnumeration(kind: Any, prefix: str) -> Iterator[str]:
    """
    Name an enumeration and its values.
    """
    yield prefix + kind.name
    yield from (f"{prefix}{kind.name}.{value.name}" for value in kind.values)


class ProtocolTests(SynchronousTestCase):
    """
    The reference of the interface is complete.
    """

    def test_everythingIsFound(self) -> None:
        """
        The names that comments are found under are those of the descriptors.
        """
        found = protocol.comments(protocol.SOURCE.read_text("utf-8"))
        self.assertEqual(set(found), set(things()))

    def test_methodsAreExplained(self) -> None:
        """
        Every method has a comment.
        """
        found = protocol.comments(protocol.SOURCE.read_text("utf-8"))
        (service,) = worker_pb2.DESCRIPTOR.services_by_name.values()
        for method in service.methods:
            self.assertTrue(found[f"{service.name}.{method.name}"], method.name)

    def test_comments(self) -> None:
        """
        A comment belongs to what stands right below it.
        """
        source = (
            '// Not of A.\nsyntax = "proto3";\n// Of A,\n// two lines.\nmessage A {\n'
            "  string x = 1;\n  // Of y.\n  optional int64 y = 2;\n"
            "  oneof z {\n    // Of w.\n    B w = 3;\n  }\n}\n// Of B.\nmessage B {}\n"
        )
        self.assertEqual(
            protocol.comments(source),
            {
                "A": "Of A,\ntwo lines.",
                "A.x": "",
                "A.y": "Of y.",
                "A.z": "",
                "A.z.w": "Of w.",
                "B": "Of B.",
            },
        )

    def test_statuses(self) -> None:
        """
        The page has every status that a call can end with.
        """
        page = (ROOT / "docs/api.rst").read_text("utf-8")
        table = (ROOT / "jobworker/rpc/failures.py").read_text("utf-8")
        codes = set(re.findall(r"StatusCode\.([A-Z_]+)", table))
        self.assertEqual(set(re.findall(r"(?m)^``([A-Z_]+)``  ", page)), codes)

    def test_rights(self) -> None:
        """
        The reference says who may call a method.
        """
        stop = protocol.reference().partition("\nStopJob\n")[2]
        self.assertIn(
            "Who may: ``system.admin``, ``system.user`` (own jobs)\n",
            stop.partition(".. _proto-")[0],
        )


class ProgramTests(SynchronousTestCase):
    """
    The help of every command is there.
    """

    def test_commands(self) -> None:
        """
        Each command below others has its section, and so have the daemons.
        """
        text = programs.reference()
        names = [name for name, _ in programs.commandHelps(jobworker, "jobworker")]
        self.assertIn("jobworker token issue", names)
        for name in (*names, "twistd jobworker", "twistd jobworker-supervisor"):
            self.assertIn(f"\n{name}\n{'-' * len(name)}\n", f"\n{text}", name)
            self.assertIn(f"    Usage: {name} [", text, name)
