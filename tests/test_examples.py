"""
How examples of the documentation are found and compared.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from shutil import rmtree

from twisted.trial.unittest import SynchronousTestCase

from tests.daemons import environment
from tests.examples import Example, Typist, blocks, examples, fits

PAGE = """
Page
====

.. code-block:: console

    $ one
    answer

    more
    $ two \\
    > goes on

Text.

1. Item

   .. code-block:: console

       $ three
       $ echo $?
       7

.. code-block:: python

    print()
"""


class FindingTests(SynchronousTestCase):
    """
    What is typed is found on a page.
    """

    def test_examples(self) -> None:
        """
        Commands come with their answers and lines, in all blocks of a console.
        """
        self.assertEqual(
            examples(PAGE),
            [
                Example(7, "one", "answer\n\nmore\n"),
                Example(11, "two \\\ngoes on"),
                Example(20, "three", fails=True),
                Example(21, "echo $?", "7\n"),
            ],
        )

    def test_blocks(self) -> None:
        """
        Blocks have a language.
        """
        ((line, block),) = blocks(PAGE, "python")
        self.assertEqual((line, block.strip()), (24, "print()"))


class ComparingTests(SynchronousTestCase):
    """
    Answers are compared but for what differs each time.
    """

    def test_varying(self) -> None:
        """
        Ids, times and the like may differ.
        """
        for expected, said in (
            (
                "id: 71725239-d1cc-4991-8ae5-131b62b55bc3",
                "id: 00000000-0000-4000-8000-000000000000\n",
            ),
            ("71725239  4s ago", "00000000   11s ago"),
            ("at 2026-11-28T16:57:17.942526Z", "at 2031-01-01T00:00:00Z"),
            ("pid:   1", "pid:       15347"),
            ("cpu: 0.010 s", "cpu: 12.5 s"),
            ("a\n…\nz", "a\nb\nc\nz\n"),
            ("a\n…", "a\n"),
            ("a … z", "a b c z"),
            ("", ""),
        ):
            self.assertTrue(fits(expected, said), (expected, said))

    def test_differences(self) -> None:
        """
        Nothing else may.
        """
        for expected, said in (
            ("a", "b"),
            ("", "a"),
            ("a", ""),
            ("a", "a\nb"),
            ("a\n…\nz", "a\nb"),
            ("a", "b\na"),
            ("a.c", "abc"),
        ):
            self.assertFalse(fits(expected, said), (expected, said))


class TypistTests(SynchronousTestCase):
    """
    What differs from the page is told.
    """

    def setUp(self) -> None:
        """
        Make a typist.
        """
        folder = Path(tempfile.mkdtemp(prefix="jobworker-typist-", dir="/tmp"))
        self.addCleanup(rmtree, folder)
        self.typist = Typist(folder, environment(), {"7777": "1234"})

    def test_right(self) -> None:
        """
        What is as it should be is not told; variables and the status of a command
        last, and what was exchanged is exchanged back, but not within an id.
        """
        typed = [
            Example(1, "x=7777"),
            Example(2, "echo $x; echo ${#x} >&2", "7777\n4\n"),
            Example(2, "echo a${x}b:$x", "a1234b:7777\n"),
            Example(3, "sh -c 'exit 3'", fails=True),
            Example(4, "echo $?", "3\n"),
        ]
        self.assertEqual(self.typist.type(typed), [])

    def test_wrong(self) -> None:
        """
        Another answer, a failure, and the end of the shell are told.
        """
        self.assertEqual(
            self.typist.type([Example(1, "echo b", "a\n"), Example(2, "false")]),
            ["line 1: echo b\nsays\nb\n", "line 2 ends with 1: "],
        )
        self.assertEqual(
            self.typist.type([Example(1, "echo bye; exit", "bye\n")]),
            ["the shell ended: bye\n"],
        )
