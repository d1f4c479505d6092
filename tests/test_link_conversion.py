"""
Values as messages, and back.
"""

from __future__ import annotations

from itertools import repeat

from attrs import evolve
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from twisted.trial.unittest import SynchronousTestCase

from jobworker import errors
from jobworker.api import supervisor_pb2 as pb
from jobworker.bounds import (
    MAX_DIRECTORY,
    MAX_KEY,
    MAX_LABEL,
    MAX_LABELS,
    MAX_NAME,
    MAX_VARIABLES,
)
from jobworker.changes import Changes, JournalPlace
from jobworker.conditions import Conditions
from jobworker.description import Description, Guarantee, Limit, Tally
from jobworker.jobs import Cause, Command, Manner, Phase, Record
from jobworker.link.conversion import (
    CAUSES,
    PHASES,
    BadMessage,
    convertCommand,
    convertManner,
    convertRecord,
    decode,
    encode,
    unconvertCommand,
    unconvertManner,
    unconvertRecord,
)
from jobworker.link.describing import (
    convertDescription,
    convertTally,
    unconvertDescription,
    unconvertTally,
)
from jobworker.link.failing import SupervisorFailed, convertFailure, unconvertFailure
from jobworker.link.framing import LONGEST
from jobworker.link.journaling import (
    convertChanges,
    convertReading,
    unconvertChanges,
    unconvertReading,
)
from jobworker.link.paging import (
    convertPage,
    convertQuery,
    unconvertPage,
    unconvertQuery,
)
from jobworker.portions import MOST
from jobworker.queries import Page, Query, fill
from jobworker.specification import Specification

from .contracts import exampleRecord
from .strategies import (
    changes,
    commands,
    identifiers,
    journalPlaces,
    manners,
    queries,
    reasons,
    records,
)

failures = st.one_of(
    st.builds(errors.NoSuchJob, reasons),
    st.builds(errors.NotRunning, identifiers),
    st.builds(errors.StillRunning, identifiers),
    st.builds(errors.StopIgnored, identifiers, st.floats(0, 1e6)),
    st.builds(errors.LaunchFailed, reasons),
    st.builds(errors.KeyTaken, reasons),
    st.builds(errors.PlaceLost, reasons),
    st.builds(errors.NoRoom, reasons),
    st.builds(errors.StorageFailed, reasons),
    st.builds(errors.TableDamaged, reasons),
    st.builds(errors.RosterUnreachable, reasons),
    st.builds(errors.ShuttingDown),
)

counts = st.integers(0, 2**62)
tallies = st.builds(
    Tally,
    counts,
    st.lists(st.tuples(reasons, counts), max_size=3).map(tuple),
    *[counts] * 5,
)

descriptions = st.builds(
    Description,
    reasons,
    st.lists(st.builds(Limit, reasons, st.integers(0, 2**60)), max_size=3).map(tuple),
    st.lists(st.builds(Guarantee, reasons, st.booleans(), reasons), max_size=3).map(
        tuple
    ),
)


class ConversionTests(SynchronousTestCase):
    """
    What arrives is what was sent.
    """

    @given(reasons)
    def test_texts(self, text: str) -> None:
        """
        Any string comes back, lone surrogates included.
        """
        self.assertEqual(decode(encode(text)), text)

    @given(commands)
    def test_commands(self, command: Command) -> None:
        """
        Any command comes back.
        """
        data = convertCommand(command).SerializeToString()
        self.assertEqual(unconvertCommand(pb.Command.FromString(data)), command)

    @given(manners)
    def test_manners(self, manner: Manner) -> None:
        """
        Any manner comes back.
        """
        data = convertManner(manner).SerializeToString()
        self.assertEqual(unconvertManner(pb.Manner.FromString(data)), manner)

    @given(records)
    def test_records(self, record: Record) -> None:
        """
        Any record comes back.
        """
        data = convertRecord(record).SerializeToString()
        self.assertEqual(unconvertRecord(pb.Record.FromString(data)), record)

    @given(queries)
    def test_queries(self, query: Query) -> None:
        """
        Any query comes back.
        """
        data = convertQuery(query).SerializeToString()
        self.assertEqual(unconvertQuery(pb.Search.FromString(data)), query)

    def test_longest(self) -> None:
        """
        Whatever jobs have in common, as many as are given at a time are a
        message that can be sent.
        """
        usual = Conditions("/", 0, 0, (), 0, "", 0, "", ())
        directory = "/" + "\x01" * (MAX_DIRECTORY - 1)
        variables = tuple(f"{n:03}" + "A" * 125 for n in range(MAX_VARIABLES))
        labels = {f"{n:02}" + "a" * 250: "\x01" * MAX_LABEL for n in range(MAX_LABELS)}
        nobody = exampleRecord()
        for record in (
            evolve(nobody, owner="\x01" * 2**16),
            evolve(nobody, command=Command("\U0001f600" * 2**16)),
            evolve(nobody, command=Command("", ("",) * 2**16)),
            evolve(nobody, conditions=evolve(usual, directory=directory)),
            evolve(nobody, conditions=evolve(usual, variables=variables)),
            *(
                evolve(nobody, command=Command("true", (), wanted))
                for wanted in (
                    Specification(directory=directory),
                    Specification(labels=labels),
                    Specification(environment=dict.fromkeys(variables, "")),
                    Specification(name="a" * MAX_NAME, key="\x01" * MAX_KEY),
                )
            ),
        ):
            page = fill(Query(limit=MOST), repeat(record))
            answer = pb.Answer(number=1, page=convertPage(page))
            self.assertLessEqual(len(answer.SerializeToString()), LONGEST - 2**10)

    @given(st.lists(records, max_size=3), st.booleans())
    def test_pages(self, found: list[Record], more: bool) -> None:
        """
        Any page comes back.
        """
        page = Page(tuple(found), more)
        data = convertPage(page).SerializeToString()
        self.assertEqual(unconvertPage(pb.Page.FromString(data)), page)

    @given(st.none() | journalPlaces, st.integers(1, 1000))
    def test_readings(self, since: JournalPlace | None, limit: int) -> None:
        """
        Whatever may be read of a journal comes back.
        """
        data = convertReading(since, limit).SerializeToString()
        found = unconvertReading(pb.ReadChanges.FromString(data))
        self.assertEqual(found, (since, limit))

    @given(changes)
    def test_changes(self, found: Changes) -> None:
        """
        Any changes come back.
        """
        data = convertChanges(found).SerializeToString()
        self.assertEqual(unconvertChanges(pb.Changes.FromString(data)), found)

    @given(descriptions)
    def test_descriptions(self, description: Description) -> None:
        """
        Any description comes back.
        """
        data = convertDescription(description).SerializeToString()
        again = unconvertDescription(pb.Description.FromString(data))
        self.assertEqual(again, description)

    @given(tallies)
    def test_tallies(self, tally: Tally) -> None:
        """
        Whatever was counted comes back.
        """
        data = convertTally(tally).SerializeToString()
        self.assertEqual(unconvertTally(pb.Tally.FromString(data)), tally)

    @given(failures)
    def test_failures(self, error: errors.JobWorkerError) -> None:
        """
        Any failure that a roster promises comes back.
        """
        message = convertFailure(error)
        assert message is not None
        again = unconvertFailure(pb.Failure.FromString(message.SerializeToString()))
        self.assertIs(type(again), type(error))
        self.assertEqual(
            (str(again), repr(again)), (str(error), repr(error)), "not the same data"
        )

    def test_unforeseen(self) -> None:
        """
        Of what a roster does not promise only the fact arrives.
        """
        self.assertIsNone(convertFailure(KeyError("secret")))
        self.assertIsInstance(unconvertFailure(pb.Failure()), SupervisorFailed)

    def test_complete(self) -> None:
        """
        There is a number for each phase and each cause, and no two are alike.
        """
        self.assertEqual(set(PHASES), set(Phase))
        self.assertEqual(set(CAUSES), set(Cause))
        self.assertEqual(len({*PHASES.values()}), len(Phase))
        self.assertEqual(len({*CAUSES.values()}), len(Cause))

    @given(st.binary(max_size=60))
    def test_garbage(self, data: bytes) -> None:
        """
        Whatever the bytes are, they are a record or a bad message.
        """
        try:
            unconvertRecord(pb.Record.FromString(data))
        except (BadMessage, DecodeError):
            return

    def test_meaningless(self) -> None:
        """
        Messages that say nothing, or what cannot be, are refused.
        """
        good = pb.Record(phase=pb.PHASE_ENDED)
        unconvertRecord(good)
        rows = [
            pb.Record(),
            pb.Record(phase=7),  # type: ignore[arg-type]
            pb.Record(phase=pb.PHASE_ENDED, owner=b"\xff"),
            pb.Record(phase=pb.PHASE_ENDED, status=pb.Status()),
            pb.Record(phase=pb.PHASE_ENDED, status=pb.Status(code=1, signal=1)),
            pb.Record(phase=pb.PHASE_ENDED, ending=pb.Ending()),
            pb.Record(phase=pb.PHASE_ENDED, stop=pb.StopNote(cause=pb.CAUSE_LOST)),
            pb.Record(phase=pb.PHASE_ENDED, conditions=b"{}"),
            pb.Record(phase=pb.PHASE_ENDED, conditions=b"\xff"),
        ]
        for row in rows:
            self.assertRaises(BadMessage, unconvertRecord, row)
        for search in (
            pb.Search(),
            pb.Search(limit=1001),
            pb.Search(limit=1, prefix=b"g"),
            pb.Search(limit=1, owner=b"\xff"),
            pb.Search(limit=1, causes=[9]),  # type: ignore[list-item]
        ):
            self.assertRaises(BadMessage, unconvertQuery, search)
        self.assertRaises(BadMessage, unconvertManner, pb.Manner(signal=65))
        for unknown in (b"{", b"\xff", b'{"gpu": 1}'):
            self.assertRaises(
                BadMessage, unconvertCommand, pb.Command(specification=unknown)
            )
        self.assertRaises(
            BadMessage, unconvertManner, pb.Manner(signal=15, grace=float("nan"))
        )
        self.assertRaises(
            BadMessage,
            unconvertFailure,
            pb.Failure(kind=99),  # type: ignore[arg-type]
        )
