"""
The client as a library: its public names and their documentation, and how it reads
what servers say.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from types import FunctionType

import grpc

from twisted.trial.unittest import SynchronousTestCase

from jobworker import client
from jobworker.client import failures
from jobworker.client.credentials import LIMIT, Credentials, loadToken
from jobworker.client.failures import (
    BadCredentials,
    Failure,
    StopIgnored,
    TimedOut,
    Unacceptable,
    Unreachable,
    Unreadable,
)
from jobworker.client.translation import failureOf
from jobworker.twistedclient import TwistedClient, TwistedJob

from .certificates import path
from .wireserver import ID, TOKEN, WireServer

TEXT = (Path(__file__).parent.parent / "docs" / "client.rst").read_text("utf-8")


def parametersOf(kind: type) -> dict[str, list[str]]:
    """
    List the public methods of a class, and what they take in all clients.
    """
    found = {}
    for name, value in inspect.getmembers(kind, callable):
        if not name.startswith("_") and name not in ("connect", "explain"):
            found[name] = [
                str(each.replace(annotation=each.empty))
                for each in inspect.signature(value).parameters.values()
                if each.name not in ("reactor", "received")
            ]
    return found


class FacadeTests(SynchronousTestCase):
    """
    The public names.
    """

    def test_names(self) -> None:
        """
        Every public name can be had, and no other.
        """
        for name in client.__all__:
            self.assertTrue(hasattr(client, name), name)
        self.assertFalse(hasattr(client, "nothing"))

    def test_documented(self) -> None:
        """
        Every failure can be caught by its public name, and every failure and every
        method is explained.
        """
        for name, value in vars(failures).items():
            if isinstance(value, type) and issubclass(value, Failure):
                self.assertIn(f"``{name}``", TEXT)
                self.assertIn(name, client.__all__)
        for kind in (client.Client, client.Job):
            for name, value in vars(kind).items():
                if isinstance(value, FunctionType) and not name.startswith("_"):
                    self.assertIn(f"``{name}(", TEXT)
        for name in inspect.signature(client.Filter).parameters:
            self.assertIn(f"``{name}``", TEXT)
        for name in ("stop", "query", "signal", "wait", "delete", "readLog"):
            self.assertTrue(hasattr(client.Client, name))
            self.assertIn(f"``{name}(identifier", TEXT)

    def test_same(self) -> None:
        """
        All clients have the same methods, which take the same parameters.
        """
        for here, *others in (
            (client.Client, client.AsyncClient, TwistedClient),
            (client.Job, client.AsyncJob, TwistedJob),
        ):
            for other in others:
                self.assertEqual(parametersOf(other), parametersOf(here), other)


class TranslationTests(SynchronousTestCase):
    """
    What statuses mean.
    """

    def test_deadlines(self) -> None:
        """
        A stop that was ignored is told from an answer that does not come.
        """
        code = grpc.StatusCode.DEADLINE_EXCEEDED
        rows = {
            "Deadline Exceeded": TimedOut,
            "no answer in 5 s": TimedOut,
            "job 1 is still running; stop it with force": StopIgnored,
            "process still running": StopIgnored,
        }
        for details, kind in rows.items():
            self.assertIs(type(failureOf(code, details)), kind, details)

    def test_lost(self) -> None:
        """
        However gRPC calls it, a connection that ends during a call is lost, and
        the call may have arrived.
        """
        for code, details, sent in (
            (grpc.StatusCode.INTERNAL, "Received RST_STREAM with error code 2", True),
            (grpc.StatusCode.UNKNOWN, "Stream removed", True),
            (grpc.StatusCode.CANCELLED, "CANCELLED", True),
            (grpc.StatusCode.UNAVAILABLE, "Socket closed", True),
            (grpc.StatusCode.UNAVAILABLE, "failed to connect to all addresses", False),
        ):
            failure = failureOf(code, details)
            assert isinstance(failure, Unreachable), failure
            self.assertEqual((failure.cause, failure.sent), (details, sent))

    def test_nothingSaid(self) -> None:
        """
        A status without words is named.
        """
        self.assertEqual(failureOf(grpc.StatusCode.ABORTED, "").cause, "ABORTED")

    def test_oneLine(self) -> None:
        """
        Whatever a server says takes one line and controls no terminal.
        """
        said = str(failureOf(grpc.StatusCode.NOT_FOUND, "a\n\x1b[2Jb"))
        self.assertTrue(said.isprintable(), said)


class RequestTests(SynchronousTestCase):
    """
    What cannot be asked.
    """

    def test_refused(self) -> None:
        """
        Nothing is sent that no message can carry.
        """
        server = WireServer({})
        self.addCleanup(server.stop)
        with server.client() as each:
            self.assertRaises(Unacceptable, each.stop, ID, grace=-1.0)
            self.assertRaises(Unacceptable, each.stop, ID, grace=float("nan"))
            self.assertRaises(Unacceptable, each.stop, ID, grace=1e300)
            self.assertRaises(Unacceptable, each.query, "\udcff")
            self.assertRaises(Unacceptable, each.readLog, "\udcff")

    def test_files(self) -> None:
        """
        Files with odd names or contents are refused.
        """
        good = (path("alice_cert.pem"), path("alice_key.pem"), [path("server_ca.pem")])
        large, locked = Path(self.mktemp()), Path(self.mktemp())
        large.write_bytes(b"x" * (LIMIT + 1))
        locked.write_text(
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\n-----END ENCRYPTED PRIVATE KEY-----"
        )
        rows: list[tuple[str | Path, type[Failure], str]] = [
            ("a\0b", Unreadable, "null"),
            (large, BadCredentials, "too large"),
            (locked, BadCredentials, "encrypted"),
        ]
        for name, kind, word in rows:
            failure = self.assertRaises(kind, Credentials.load, good[0], name, good[2])
            self.assertIn(word, str(failure))
        self.assertRaises(BadCredentials, loadToken, "a\0b")
        self.assertEqual(loadToken(f" {TOKEN}\n"), TOKEN)
