"""
When there are colours, and which.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

import click

from twisted.trial.unittest import SynchronousTestCase

from jobworker.cli.colours import Colour, colourOf, painted
from jobworker.client.values import JobStatus, State


class ColourTests(SynchronousTestCase):
    """
    Colours are for terminals.
    """

    def setUp(self) -> None:
        """
        Open a terminal.
        """
        ours, theirs = os.openpty()
        self.addCleanup(os.close, ours)
        self.terminal = os.fdopen(theirs, "w")
        self.addCleanup(self.terminal.close)

    def paint(self, environment: Mapping[str, str]) -> str:
        """
        Write something for the terminal.
        """
        context = click.Context(click.Command("x"), obj=environment)
        with context:
            return painted("x", Colour.BAD, self.terminal)

    def test_terminal(self) -> None:
        """
        Text is coloured for a terminal that knows colours.
        """
        self.assertEqual(self.paint({"TERM": "xterm"}), "\x1b[31mx\x1b[0m")
        self.assertEqual(self.paint({"TERM": "xterm", "NO_COLOR": ""})[:1], "\x1b")
        self.assertEqual(self.paint({"TERM": "dumb"}), "x")
        self.assertEqual(self.paint({}), "x")

    def test_forbidden(self) -> None:
        """
        With NO_COLOR it never is.
        """
        self.assertEqual(self.paint({"TERM": "xterm", "NO_COLOR": "1"}), "x")

    def test_elsewhere(self) -> None:
        """
        What goes to a file, and what has no colour, stays as it is.
        """
        with click.Context(click.Command("x"), obj={"TERM": "xterm"}):
            with open(self.mktemp(), "w") as file:
                self.assertEqual(painted("x", Colour.BAD, file), "x")
            self.assertEqual(painted("x", None, self.terminal), "x")
            self.assertEqual(painted("", Colour.BAD, self.terminal), "")

    def test_states(self) -> None:
        """
        States that differ in what they mean differ in colour.
        """
        rows: list[tuple[State, int | None, Colour | None]] = [
            (State.RUNNING, None, Colour.BUSY),
            (State.EXITED, 0, Colour.GOOD),
            (State.EXITED, 1, Colour.BAD),
            (State.EXITED, None, Colour.BAD),
            (State.LOST, None, Colour.BAD),
            (State.STOPPED, 0, Colour.DOUBTFUL),
            (State.UNKNOWN, None, None),
        ]
        for state, code, expected in rows:
            status = JobStatus("x", "true", (), "alice", 1, state, code)
            self.assertIs(colourOf(status), expected)
