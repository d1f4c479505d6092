"""
What becomes of the events of a log where lines matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hypothesis import given
from hypothesis import strategies as st

from twisted.trial.unittest import SynchronousTestCase

from jobworker.cli.lines import PIECE, Lines, led, since, timed
from jobworker.client.events import Event, Finished, Missing, Output, Waiting
from jobworker.client.failures import Unreachable, Unsupported
from jobworker.client.values import JobStatus, State
from jobworker.jobs import Source

OUT, ERR = Source.STDOUT, Source.STDERR

FINISHED = Finished(JobStatus("x", "true", (), "alice", 1, State.EXITED, 0))


def outputs(*pieces: tuple[Source, int, bytes]) -> list[Event]:
    """
    Make output of sources, times and bytes.
    """
    offsets = dict.fromkeys(Source, 0)
    events: list[Event] = []
    for source, time, data in pieces:
        events.append(Output(source, offsets[source], time, data))
        offsets[source] += len(data)
    return events


def written(events: Iterable[Event]) -> list[tuple[Source, bytes]]:
    """
    Take what output there is.
    """
    return [(each.source, each.data) for each in events if isinstance(each, Output)]


def lined(events: Iterable[Event]) -> Iterator[Event]:
    """
    Make lines that begin with their source and time.
    """
    return Lines(lambda source, time: led(b"%d:%d " % (source, time))).of(events)


class LinesTests(SynchronousTestCase):
    """
    Whole lines.
    """

    def test_leads(self) -> None:
        """
        Each line begins with what belongs to its source and to the time when it
        began, and they come in the order in which they were completed.
        """
        events = outputs((OUT, 1, b"a\nb"), (ERR, 2, b"e\n"), (OUT, 3, b"c\n\nd\n"))
        self.assertEqual(
            written(lined([*events, FINISHED])),
            [
                (OUT, b"1:1 a\n"),
                (ERR, b"2:2 e\n"),
                (OUT, b"1:1 bc\n1:3 \n1:3 d\n"),
            ],
        )

    def test_ends(self) -> None:
        """
        What ends without a newline gets one: at the end, before bytes that are
        missing, and when the log cannot be read on or whoever waits is interrupted.
        """
        gap = Missing(OUT, 1, 5, "lost")
        events = outputs((OUT, 1, b"a"), (ERR, 2, b"b"))
        self.assertEqual(
            [*lined([*events, gap, FINISHED])],
            [
                Output(OUT, 0, 1, b"1:1 a\n"),
                gap,
                Output(ERR, 0, 2, b"2:2 b\n"),
                FINISHED,
            ],
        )

        def failing(error: BaseException) -> Iterator[Event]:
            yield from events
            raise error

        for error in (Unreachable("cut"), KeyboardInterrupt()):
            seen: list[Event] = []
            with self.assertRaises(type(error)):
                for event in lined(failing(error)):
                    seen.append(event)
            self.assertEqual(written(seen), [(OUT, b"1:1 a\n"), (ERR, b"2:2 b\n")])

    def test_long(self) -> None:
        """
        A line that is too long comes in pieces, each of which began at its time,
        and no more than a piece is ever kept.
        """
        rows = [
            ([(1, b"x" * PIECE), (2, b"\n")], [(1, PIECE)]),
            ([(1, b"x" * PIECE), (2, b"x\n")], [(1, PIECE), (2, 1)]),
            ([(1, b"x" * 9), (2, b"x" * 2 * PIECE)], [(1, PIECE), (2, PIECE), (2, 9)]),
            ([(1, b"x" * 2 * PIECE)], [(1, PIECE), (1, PIECE)]),
            ([(1, b"x" * (2 * PIECE + 1) + b"\n")], [(1, PIECE), (1, PIECE), (1, 1)]),
        ]
        for pieces, expected in rows:
            events = outputs(*((OUT, time, data) for time, data in pieces))
            data = b"".join(data for _, data in written(lined([*events, FINISHED])))
            self.assertEqual(
                data,
                b"".join(b"1:%d %b\n" % (time, b"x" * size) for time, size in expected),
            )

    @given(st.lists(st.tuples(st.sampled_from(Source), st.text("ab\n")), max_size=9))
    def test_any(self, pieces: list[tuple[Source, str]]) -> None:
        """
        Without what is put before lines, all of it is what the job wrote, but
        for the newline at the end, however it was cut.
        """
        events = outputs(*((source, 1, text.encode()) for source, text in pieces))
        done = written(Lines(lambda _, __: led(b"")).of([*events, FINISHED]))
        for wanted in Source:
            whole = "".join(text for source, text in pieces if source is wanted)
            if whole and not whole.endswith("\n"):
                whole += "\n"
            found = b"".join(data for source, data in done if source is wanted)
            self.assertEqual(found.decode(), whole)


class SinceTests(SynchronousTestCase):
    """
    What is older than a time.
    """

    def test_lines(self) -> None:
        """
        Lines that began before the time are left out, of each source, and
        everything behind them is as it was.
        """
        events = outputs(
            (OUT, 1, b"old\nolder"),
            (ERR, 4, b"err\n"),
            (OUT, 5, b" still"),
            (OUT, 6, b"\nnew\nha"),
            (OUT, 2, b"lf"),
        )
        found = [*since(events, 4), FINISHED]
        self.assertEqual(
            written(found), [(ERR, b"err\n"), (OUT, b"new\nha"), (OUT, b"lf")]
        )
        self.assertEqual(found[1], Output(OUT, 16, 6, b"new\nha"))

    def test_exact(self) -> None:
        """
        A line that began at that time is not left out, nor one that is the
        first, nor one behind a newline at the end of what is older.
        """
        rows = [
            (outputs((OUT, 4, b"a")), [(OUT, b"a")]),
            (outputs((OUT, 3, b"a\n"), (OUT, 4, b"b")), [(OUT, b"b")]),
            (outputs((OUT, 3, b"a"), (OUT, 4, b"\n"), (OUT, 4, b"b")), [(OUT, b"b")]),
            (outputs((OUT, 3, b"a"), (OUT, 3, b"a\n"), (OUT, 4, b"b")), [(OUT, b"b")]),
            (outputs((OUT, 3, b"a"), (OUT, 4, b"b")), []),
        ]
        for events, expected in rows:
            self.assertEqual(written(since(events, 4)), expected)

    def test_rest(self) -> None:
        """
        What is no output is passed on, and behind bytes that are missing a line
        begins.
        """
        gap = Missing(OUT, 1, 5, "lost")
        waiting = Waiting(Unreachable("cut"), 1)
        later = Output(OUT, 6, 4, b"b")
        events = [*outputs((OUT, 3, b"a")), waiting, gap, later, FINISHED]
        self.assertEqual([*since(events, 4)], [waiting, gap, later, FINISHED])


class TimedTests(SynchronousTestCase):
    """
    Servers that know no times.
    """

    def test_timed(self) -> None:
        """
        Output without a time is refused; everything else is passed on.
        """
        events = [*outputs((OUT, 1, b"a")), FINISHED]
        self.assertEqual([*timed(events)], events)
        with self.assertRaises(Unsupported):
            [*timed(outputs((OUT, 0, b"a")))]
