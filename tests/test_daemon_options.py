"""
Options are read, or refused in one line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from twisted.trial.unittest import SynchronousTestCase

from jobworker.daemon.options import StrictOptions, number, oneOf
from jobworker.daemon.quantities import parseSize


class Example(StrictOptions):
    """
    Some options.
    """

    command = "example"
    required: ClassVar[Sequence[str]] = ("name",)
    readers: ClassVar[Mapping[str, Callable[[str], Any]]] = {
        "port": number(0, 10),
        "word": oneOf("keep", "stop"),
        "size": parseSize,
    }
    optParameters: ClassVar[Sequence[Sequence[Any]]] = [
        ["name", None, None, "A name."],
        ["port", None, "7", "A number."],
        ["word", None, "keep", "A word."],
        ["size", None, None, "A size."],
    ]


class OptionsTests(SynchronousTestCase):
    """
    What is wrong is named.
    """

    def test_read(self) -> None:
        """
        Values are read from text; defaults too; what was not given stays away.
        """
        options = Example()
        options.parseOptions(["--name=x", "--word", "stop"])
        self.assertEqual(
            (options["name"], options["port"], options["word"], options["size"]),
            ("x", 7, "stop", None),
        )

    def test_refused(self) -> None:
        """
        Each mistake ends the process with a line that names the option.
        """
        rows: dict[tuple[str, ...], str] = {
            (): "--name is missing",
            ("--name", "x", "--port", "11"): "--port: '11' is not a number from 0",
            ("--name", "x", "--port", "-1"): "--port: '-1'",
            ("--name", "x", "--port", "\u0661"): "--port: '\u0661'",
            ("--name", "x", "--word", "go"): "--word: 'go' is not one of: keep, stop",
            ("--name", "x", "--size", "1Q"): "--size: '1Q' is not a size",
            ("--name", "x", "--bad"): "bad",
            ("--name", "x", "y"): "'y' is not an option",
        }
        for arguments, words in rows.items():
            error = self.assertRaises(
                SystemExit, Example().parseOptions, list(arguments)
            )
            self.assertIn(words, str(error))
            self.assertIn("twistd example --help", str(error))
            self.assertNotIn("\n", str(error))
