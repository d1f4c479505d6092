"""
Reading logs over connections that get lost, from servers that lie.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from twisted.trial.unittest import SynchronousTestCase

from jobworker.api import worker_pb2 as wire
from jobworker.client.events import Finished, Missing, Output, Waiting
from jobworker.client.failures import (
    BadCredentials,
    OutputDamaged,
    Unreachable,
    Unsupported,
)
from jobworker.client.readings import LineReading
from jobworker.client.retrying import DELAYS
from jobworker.client.values import State
from jobworker.jobs import Source

from .listeners import AsyncListener, Listener
from .logscripts import LogScript, ScriptedConnection
from .wireserver import ID, status

#: What the job of most tests writes.
PIECES: list[tuple[int, bytes | int]] = [
    (1, b"one\n"),
    (2, b"two\xff\n"),
    (1, bytes(range(256))),
    (1, b"no newline"),
]


def line(number: int, text: str, source: str = "stdout", **fields: bool) -> wire.Log:
    """
    Write a line as a server sends it.
    """
    entry = json.dumps({"msg": text, "source": source, "time": "", "level": "info"})
    return wire.Log(nbSequence=number, entry=entry, **fields)


#: Gives a test logs and the places where they are cut.
cutAnywhere = given(
    st.lists(
        st.tuples(st.sampled_from([1, 2]), st.binary(min_size=1) | st.integers(1, 9)),
        max_size=8,
    ),
    st.lists(st.integers(0, 9), max_size=12),
)


class ChunkTests(SynchronousTestCase):
    """
    Reading in chunks.
    """

    listening: type[Listener] = Listener

    def damage(self, change: Callable[[wire.ReadReply], object], *cuts: int) -> str:
        """
        Read from a server that changes what it sends, and get what is said
        about it.
        """
        script = LogScript(PIECES, list(cuts), change=change)
        listener = self.listening(ScriptedConnection(script))
        return str(self.assertRaises(OutputDamaged, listener.listen))

    def test_everything(self) -> None:
        """
        Bytes arrive as they were written, with their place and time, and then
        the end.
        """
        script = LogScript(PIECES, ending=status(exitCode=3))
        listener = self.listening(ScriptedConnection(script))
        listener.listen()
        self.assertEqual(listener.events[0], Output(Source.STDOUT, 0, 7, b"one\n"))
        self.assertEqual(listener.events[1], Output(Source.STDERR, 0, 7, b"two\xff\n"))
        self.assertEqual(
            [listener.received(n) for n in (1, 2)],
            [script.written(1), script.written(2)],
        )
        finished = listener.events[-1]
        assert isinstance(finished, Finished)
        self.assertEqual(finished.status.state, State.EXITED)
        self.assertEqual(finished.status.exitCode, 3)
        self.assertEqual(
            script.requests,
            [
                wire.ReadRequest(
                    job=wire.Job(id=ID), sources=["STDOUT", "STDERR"], follow=True
                )
            ],
        )

    @cutAnywhere
    def test_cuts(self, pieces: list[tuple[int, bytes | int]], cuts: list[int]) -> None:
        """
        Wherever connections are cut, each byte arrives once and in order, and
        each gap is told once.
        """
        self.checkCuts(pieces, cuts)

    def checkCuts(self, pieces: list[tuple[int, bytes | int]], cuts: list[int]) -> None:
        """
        Read over connections that are cut.
        """
        script = LogScript(pieces, cuts)
        connection = ScriptedConnection(script)
        listener = self.listening(connection)
        try:
            listener.listen()
        except Unreachable:
            # Only without any progress may a reader give up.
            self.assertEqual(listener.slept[-len(DELAYS) :], list(DELAYS))
            return
        finally:
            self.assertEqual(connection.opened, connection.closed)
        for source in (1, 2):
            self.assertEqual(listener.received(source), script.written(source))
        self.assertEqual(
            [(e.source, e.length) for e in listener.events if isinstance(e, Missing)],
            [(source, piece) for source, piece in pieces if isinstance(piece, int)],
        )

    def test_resumes(self) -> None:
        """
        A new attempt asks for the bytes that did not arrive, and for a digest
        of all.
        """
        script = LogScript(PIECES, [5])
        self.listening(ScriptedConnection(script)).listen()
        self.assertEqual(
            {each.source: each for each in script.requests[1].offsets.offsets},
            {
                1: wire.Offset(source="STDOUT", offset=4 + 256, digest_from=0),
                2: wire.Offset(source="STDERR", offset=5, digest_from=0),
            },
        )

    def test_delays(self) -> None:
        """
        Waiting grows from a second to a minute, and is told each time; then
        the reader gives up with what is wrong with the connection.
        """
        listener = self.listening(ScriptedConnection(LogScript(PIECES, [0] * 99)))
        failure = self.assertRaises(Unreachable, listener.listen)
        self.assertEqual(failure.cause, "cut")
        self.assertEqual(listener.slept, [1, 2, 4, 8, 16, 32, 60])
        self.assertEqual(
            [event.delay for event in listener.events if isinstance(event, Waiting)],
            listener.slept,
        )

    def test_progress(self) -> None:
        """
        After anything has arrived, be it a heartbeat, waiting begins at a
        second again; the mere beginning of an answer is not enough.
        """
        cuts = [0, 0, 2, 0, 3, 1, 1]
        listener = self.listening(ScriptedConnection(LogScript(PIECES, cuts)))
        listener.listen()
        self.assertEqual(listener.slept, [1, 2, 1, 2, 1, 2, 4])

    def test_brokenOff(self) -> None:
        """
        An answer that is over without an end is a lost connection.
        """
        script = LogScript(PIECES)
        attempts: list[int] = []

        def change(reply: wire.ReadReply) -> None:
            if reply.WhichOneof("reply") == "end" and not attempts:
                attempts.append(1)
                reply.Clear()

        script.change = change
        listener = self.listening(ScriptedConnection(script))
        listener.listen()
        self.assertEqual((len(script.requests), listener.slept), (2, [1]))

    def test_hopeless(self) -> None:
        """
        What waiting cannot mend ends a reading at once.
        """
        bad = BadCredentials("the certificate has expired")
        listener = self.listening(
            ScriptedConnection(LogScript(PIECES, [3])), lambda failure: bad
        )
        self.assertIs(self.assertRaises(BadCredentials, listener.listen), bad)
        self.assertEqual(listener.slept, [])

    def test_abandoned(self) -> None:
        """
        Who stops taking events closes the connection.
        """
        connection = ScriptedConnection(LogScript(PIECES))
        self.listening(connection).abandon()
        self.assertEqual((connection.opened, connection.closed), (1, 1))

    def test_wrongDigest(self) -> None:
        """
        Bytes that changed on the way are found out.
        """

        def change(reply: wire.ReadReply) -> None:
            if reply.HasField("chunk") and reply.chunk.source == wire.STDERR:
                reply.chunk.data = b"TWO\xff\n"

        self.assertIn("stderr is not what the job wrote", self.damage(change))
        self.assertIn("stderr", self.damage(change, 4, 5))

    def test_noDigest(self) -> None:
        """
        A server that cannot tell the digest, because it has dropped what was
        received, is believed.
        """

        def change(reply: wire.ReadReply) -> None:
            for total in reply.end.totals:
                total.digest = b""

        script = LogScript(PIECES, change=change)
        listener = self.listening(ScriptedConnection(script))
        listener.listen()
        self.assertIsInstance(listener.events[-1], Finished)

    def test_wrongTotals(self) -> None:
        """
        Totals that are missing, or do not fit, are found out.
        """

        def forget(reply: wire.ReadReply) -> None:
            del reply.end.totals[1:]
            if not reply.end.totals:
                reply.ClearField("end")

        def longer(reply: wire.ReadReply) -> None:
            if reply.HasField("end"):
                reply.end.totals[0].bytes += 1

        def later(reply: wire.ReadReply) -> None:
            if reply.HasField("end"):
                reply.end.totals[0].digest_from = 1

        self.assertIn("does not say what stderr was", self.damageOf(forget))
        self.assertIn("270 bytes of stdout arrived", self.damage(longer))
        self.assertIn("digest", self.damage(later))

    def damageOf(self, change: Callable[[wire.ReadReply], object]) -> str:
        """
        Like L{damage}, with changes that are made to ends only.
        """

        def ends(reply: wire.ReadReply) -> None:
            if reply.HasField("end"):
                change(reply)

        return self.damage(ends)

    def test_wrongOffsets(self) -> None:
        """
        Bytes that are left out are noticed when the next arrive.
        """

        def ahead(reply: wire.ReadReply) -> None:
            if reply.HasField("chunk") and reply.chunk.offset == 4:
                reply.chunk.offset = 5

        def stranger(reply: wire.ReadReply) -> None:
            if reply.HasField("chunk"):
                reply.chunk.source = 3  # type: ignore[assignment]

        def elsewhere(reply: wire.ReadReply) -> None:
            if reply.HasField("begin") and reply.begin.offsets[0].offset:
                reply.begin.offsets[0].offset -= 1

        def half(reply: wire.ReadReply) -> None:
            if reply.HasField("begin"):
                del reply.begin.offsets[1]

        self.assertIn("1 bytes of stdout did not arrive", self.damage(ahead))
        self.assertIn("did not begin with", self.damage(stranger))
        self.assertIn("at another byte than 4", self.damage(elsewhere, 3))
        self.assertIn("does not begin with stderr", self.damage(half))

    def test_twice(self) -> None:
        """
        Bytes that a server sends again are not taken twice.
        """

        def behind(reply: wire.ReadReply) -> None:
            if reply.HasField("chunk") and reply.chunk.offset == 4:
                reply.chunk.offset = 0
                reply.chunk.data = b"one\n" + reply.chunk.data

        script = LogScript(PIECES, change=behind)
        listener = self.listening(ScriptedConnection(script))
        listener.listen()
        self.assertEqual(listener.received(1), script.written(1))


class LineTests(SynchronousTestCase):
    """
    Reading in lines, from servers that know nothing else.
    """

    listening: type[Listener] = Listener

    def listen(self, *attempts: list[wire.Log | None]) -> Listener:
        """
        Read everything.
        """
        self.connection = ScriptedConnection(
            lines=list(attempts), ending=status(exitCode=4)
        )
        listener = self.listening(self.connection, lines=LineReading(ID))
        listener.listen()
        return listener

    def test_everything(self) -> None:
        """
        Lines become bytes, those of the service are left out, and how the job
        ended is asked for.
        """
        listener = self.listen(
            [
                line(0, "a\r"),
                line(1, "caf\xe9\udcff", "stderr"),
                line(2, "half", unterminated=True),
                line(3, " whole"),
                line(4, "Exiting job", "log"),
            ]
        )
        self.assertEqual(listener.received(1), b"a\r\nhalf whole\n")
        self.assertEqual(listener.received(2), b"caf\xc3\xa9\xff\n")
        finished = listener.events[-1]
        assert isinstance(finished, Finished)
        self.assertEqual(finished.status.exitCode, 4)

    def test_resumes(self) -> None:
        """
        A new attempt asks for the line after the last, and what comes again is
        not taken twice.
        """
        listener = self.listen(
            [line(0, "a"), line(1, "b"), None],
            [None],
            [line(1, "b"), line(2, "c")],
        )
        self.assertEqual(self.connection.startPoints, [0, 2, 2])
        self.assertEqual(listener.received(1), b"a\nb\nc\n")
        self.assertEqual(listener.slept, [1, 2])

    def test_missing(self) -> None:
        """
        Lines that are left out are noticed.
        """
        error = self.assertRaises(
            OutputDamaged, self.listen, [line(0, "a"), line(3, "d")]
        )
        self.assertIn("2 lines", str(error))

    def test_nonsense(self) -> None:
        """
        Entries that are not those of a job worker are refused.
        """
        for entry in ("", "1", "{", '{"msg": "a"}', "[]", "null"):
            log = wire.Log(nbSequence=0, entry=entry)
            self.assertRaises(OutputDamaged, self.listen, [log])

    def test_notWanted(self) -> None:
        """
        A reading that lines cannot replace fails where there are no chunks.
        """
        listener = self.listening(ScriptedConnection())
        self.assertRaises(Unsupported, listener.listen)


class AsyncChunkTests(ChunkTests):
    """
    The same in an event loop.
    """

    listening = AsyncListener

    @cutAnywhere
    def test_cuts(self, pieces: list[tuple[int, bytes | int]], cuts: list[int]) -> None:
        """
        Wherever connections are cut, each byte arrives once and in order.
        """
        self.checkCuts(pieces, cuts)


class AsyncLineTests(LineTests):
    """
    The same in an event loop.
    """

    listening = AsyncListener
