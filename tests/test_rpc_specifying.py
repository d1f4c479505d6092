"""
What a job asks for, on the wire.
"""

from __future__ import annotations

from signal import SIGINT, SIGTERM

from google.protobuf.duration_pb2 import Duration

from twisted.trial.unittest import SynchronousTestCase

from jobworker.api import worker_pb2 as pb
from jobworker.errors import BadSpecification
from jobworker.jobs import FORCED, Command, Manner
from jobworker.rpc.describing import describe
from jobworker.rpc.parsing import parseCommand, parseManner
from jobworker.rpc.specifying import describeSpecification, parseSpecification
from jobworker.specification import NOTHING, Input, ResourceLimit, Specification
from tests.contracts import exampleRecord

#: All there is, as a message and as a value.
MESSAGE = pb.Command(
    environment={"A": "1", "B": "é"},
    unset=["LANG"],
    directory="/tmp",
    umask=0,
    nice=0,
    limits=[
        pb.ResourceLimit(resource="nofile", soft=16, hard=20),
        pb.ResourceLimit(resource="core", soft=0),
        pb.ResourceLimit(resource="cpu", soft=-1),
    ],
    timeout=Duration(seconds=60, nanos=500_000_000),
    idle_timeout=Duration(nanos=250_000_000),
    stop_signal=SIGINT,
    stop_grace=Duration(),
    labels={"team": "a"},
    name="nightly",
    key="k",
    stdin=b"\xff\0",
)
WANTED = Specification(
    environment={"A": "1", "B": "é", "LANG": None},
    directory="/tmp",
    umask=0,
    nice=0,
    limits=[
        ResourceLimit("nofile", 16, 20),
        ResourceLimit("core", 0, 0),
        ResourceLimit("cpu", -1, -1),
    ],
    timeout=60.5,
    idleTimeout=0.25,
    stopSignal=SIGINT,
    stopGrace=0.0,
    labels={"team": "a"},
    name="nightly",
    key="k",
    input=Input.of(b"\xff\0"),
)


class SpecificationTests(SynchronousTestCase):
    """
    Messages and values say the same.
    """

    def test_parse(self) -> None:
        """
        Every field is read.
        """
        wanted = parseSpecification(MESSAGE)
        self.assertEqual(wanted, WANTED)
        assert wanted.input is not None
        self.assertEqual(wanted.input.data, b"\xff\0")

    def test_nothing(self) -> None:
        """
        A command of an old client asks for nothing, and is described as ever.
        """
        message = pb.Command(cmd="sh", args=["-c"])
        self.assertEqual(parseCommand(message).specification, NOTHING)
        record = exampleRecord(command=parseCommand(message))
        self.assertEqual(describe(record).command, message)

    def test_describe(self) -> None:
        """
        All of it is told again, but for the values of variables, which may be
        secrets, and the bytes of the input.
        """
        told = describeSpecification(WANTED)
        self.assertEqual(told.stdin_bytes, 2)
        self.assertEqual(dict(told.environment), {"A": "", "B": ""})
        told.environment.update(MESSAGE.environment)
        told.stdin = b"\xff\0"
        self.assertEqual(parseSpecification(told), WANTED)

    def test_durations(self) -> None:
        """
        A time is told again to the nanosecond, though it has no exact number in
        the binary system.
        """
        for nanos in (1, 299_999_999, 300_000_000, 999_999_999):
            asked = Duration(seconds=2, nanos=nanos)
            message = pb.Command(timeout=asked, idle_timeout=asked, stop_grace=asked)
            told = describeSpecification(parseSpecification(message))
            self.assertEqual(told, message)

    def test_refused(self) -> None:
        """
        What no value can be made of is refused as what is beyond the limits.
        """
        for message, field in (
            (pb.Command(environment={"A": "1"}, unset=["A"]), "unset"),
            (pb.Command(unset=["A", "A"]), "unset"),
            (pb.Command(timeout=Duration()), "timeout"),
            (pb.Command(idle_timeout=Duration(seconds=-1)), "idle_timeout"),
            (pb.Command(stop_grace=Duration(seconds=1, nanos=-1)), "stop_grace"),
            (pb.Command(umask=0o1000), "umask"),
        ):
            error = self.assertRaises(BadSpecification, parseSpecification, message)
            self.assertEqual(error.field, field)


class MannerTests(SynchronousTestCase):
    """
    A job says itself how it is stopped, where the request does not.
    """

    def test_own(self) -> None:
        """
        What the request says counts first, then what the job says, then what
        has always been.
        """
        job = Command("x", (), Specification(stopSignal=SIGINT, stopGrace=7.0))
        for request, command, manner in (
            (pb.StopRequest(), Command("x"), Manner(SIGTERM, None)),
            (pb.StopRequest(), job, Manner(SIGINT, 7.0)),
            (pb.StopRequest(signal=1), job, Manner(1, 7.0)),
            (pb.StopRequest(grace=Duration(seconds=2)), job, Manner(SIGINT, 2.0)),
            (pb.StopRequest(force=True), job, FORCED),
        ):
            self.assertEqual(parseManner(request, command), manner)
