"""
Who may do what, over real connections: every method, every role, every kind of
bad token, own jobs and those of others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import uuid4

import grpc
from cryptography.hazmat.primitives.asymmetric import ec
from grpc import StatusCode as Code

from twisted.internet.defer import Deferred
from twisted.internet.testing import EventLoggingObserver
from twisted.internet.threads import deferToThread
from twisted.logger import formatEvent, globalLogPublisher

from jobworker.access.policy import ADMIN, OBSERVER, REQUIRED, USER
from jobworker.api import worker_pb2 as pb
from tests.contracts import exampleRecord
from tests.lives import ended
from tests.rpc import SERVICE, RPCTestCase, peerNamed
from tests.tokens import (
    NOW,
    OTHER_KEY,
    claiming,
    forged,
    signedAsES256,
    signedByPublicKey,
    tampered,
)

OWN, OTHER = "own", "other"
OK, DENIED = Code.OK, Code.PERMISSION_DENIED

#: The roles of a token, and what somebody with them gets for each method:
#: first on jobs of their own, then on those of others.
EXPECTED: Final[Mapping[str, Mapping[tuple[str, ...], tuple[Code, Code]]]] = (
    {
        # A job that is started is always one's own.
        "StartJob": {
            (ADMIN,): (OK, OK),
            (USER,): (OK, OK),
            (OBSERVER,): (DENIED, DENIED),
            ("root",): (DENIED, DENIED),
            (): (DENIED, DENIED),
            (OBSERVER, USER): (OK, OK),
            (USER, "root"): (OK, OK),
        },
    }
    | {
        method: {
            (ADMIN,): (OK, OK),
            (USER,): (OK, OK),
            (OBSERVER,): (OK, OK),
            ("root",): (DENIED, DENIED),
            (): (DENIED, DENIED),
            (OBSERVER, USER): (OK, OK),
            (USER, "root"): (OK, OK),
        }
        for method in (
            "QueryJob",
            "ListJobs",
            "GetServerInfo",
            "WaitJob",
            "WatchJobs",
        )
    }
    | {
        method: {
            (ADMIN,): (OK, OK),
            (USER,): (OK, DENIED),
            (OBSERVER,): (DENIED, DENIED),
            ("root",): (DENIED, DENIED),
            (): (DENIED, DENIED),
            (OBSERVER, USER): (OK, DENIED),
            (USER, "root"): (OK, DENIED),
        }
        for method in ("StopJob", "StreamLog", "ReadLog", "DeleteJob", "SignalJob")
    }
)

#: Tokens that nobody is to be let in with, though the rest is right.
BAD_TOKENS: Final = {
    "expired": claiming(exp=NOW - 60),
    "not yet": claiming(nbf=NOW + 60),
    "issued in the future": claiming(iat=NOW + 60),
    "other issuer": claiming(iss="somebody"),
    "other audience": claiming(aud="somebody"),
    "alg none": forged({"alg": "none"}),
    "HS256 signed with the public key": signedByPublicKey(),
    "other curve": signedAsES256(ec.generate_private_key(ec.SECP256K1())),
    "longer curve": signedAsES256(ec.generate_private_key(ec.SECP384R1())),
    "other key": signedAsES256(OTHER_KEY),
    "tampered": tampered(),
    "other subject than the certificate": claiming(sub="bob"),
    "other subject who is an administrator": claiming(
        sub="bob", roles=["system.admin"]
    ),
    "unknown role": claiming(roles=["System.Admin", "admin", "*"]),
    "no roles": claiming(roles=[]),
    "no end": claiming(exp=None),
    "empty": "",
    "long": "a" * 15_000,
    "nonsense": "a.b.c",
}


class MatrixTests(RPCTestCase):
    """
    One status for each cell.
    """

    async def setUp(self) -> None:  # type: ignore[override]
        """
        Have two people.
        """
        await super().setUp()
        self.bob = self.connect(peerNamed("bob"))
        self.jobs = 0

    def requestFor(self, method: str, owner: str = "alice") -> Any:
        """
        Make a request that would be answered with OK if it is allowed.
        """
        self.jobs += 1
        record = exampleRecord(self.jobs, owner=owner)
        if method not in ("StopJob", "SignalJob", "QueryJob"):
            record = ended(record)
        job = self.put(record)
        requests: dict[str, Any] = {
            "StartJob": pb.Command(cmd="sleep", args=["60"]),
            "StopJob": pb.StopRequest(job=job),
            "QueryJob": job,
            "StreamLog": pb.StreamRequest(job=job),
            "ReadLog": pb.ReadRequest(job=job),
            "DeleteJob": job,
            "SignalJob": pb.SignalRequest(job=job, signal=10),
            "GetServerInfo": pb.InfoRequest(),
            "ListJobs": pb.ListRequest(owner=owner),
            "WaitJob": job,
            "WatchJobs": pb.WatchRequest(jobs=pb.ListRequest(owner=owner)),
        }
        return requests[method]

    def call(self, name: str, *arguments: Any, **more: Any) -> Deferred[Any]:
        """
        Call a method, and take one answer of one that would go on for ever.
        """
        if name == "WatchJobs":
            more["most"] = 1
        return super().call(name, *arguments, **more)

    async def codeOf(self, calling: Any) -> Code:
        """
        Find out which code a call ends with.
        """
        try:
            await calling
        except grpc.RpcError as error:
            code = error.code()
            assert isinstance(code, Code)
            return code
        return Code.OK

    def test_complete(self) -> None:
        """
        Every method of the service is in the policy and in this table, with
        all roles in each row.
        """
        self.assertEqual(set(EXPECTED), set(SERVICE.methods_by_name))
        self.assertEqual(set(REQUIRED), set(SERVICE.methods_by_name))
        for method, row in EXPECTED.items():
            self.assertEqual(set(row), set(EXPECTED["StartJob"]), method)
            self.assertLessEqual({(role,) for role in REQUIRED[method]}, set(row))

    async def test_roles(self) -> None:
        """
        Each role may do on own jobs, and on those of others, what the table
        says.
        """
        for method, row in EXPECTED.items():
            for roles, codes in row.items():
                for owner, expected in zip(("alice", "bob"), codes, strict=True):
                    token = claiming(roles=[*roles])
                    request = self.requestFor(method, owner)
                    code = await self.codeOf(self.call(method, request, token))
                    self.assertIs(code, expected, (method, roles, owner))

    async def test_badTokens(self) -> None:
        """
        Nobody is let in with a bad token, whatever they call.
        """
        for method in SERVICE.methods_by_name:
            request = self.requestFor(method)
            for kind, token in BAD_TOKENS.items():
                code = await self.codeOf(self.call(method, request, token))
                self.assertIs(code, DENIED, (method, kind))

    async def test_metadata(self) -> None:
        """
        Nobody is let in without a token, with two, or with one in another
        place.
        """
        good, other = claiming(), claiming(roles=["system.admin"])
        rows: list[tuple[tuple[str, str | bytes], ...]] = [
            (),
            (("token-bin", good.encode()),),
            (("authorization", good),),
            (("authorization", f"Basic {good}"),),
            (("token", f"Bearer {good}"),),
            (("token", good), ("token", other)),
            (("token", good), ("authorization", f"Bearer {other}")),
        ]
        for method in SERVICE.methods_by_name:
            request = self.requestFor(method)
            for metadata in rows:
                code = await self.codeOf(self.call(method, request, metadata=metadata))
                self.assertIs(code, DENIED, (method, metadata))

    async def test_strangers(self) -> None:
        """
        Nobody is let in whose connection has no certificate that is known.
        """
        stranger = self.connect(None)
        for method in SERVICE.methods_by_name:
            request = self.requestFor(method)
            token = claiming(roles=["system.admin"])
            code = await self.codeOf(self.call(method, request, token, stranger))
            self.assertIs(code, DENIED, method)

    async def test_certificateOfAnother(self) -> None:
        """
        A token is worth nothing on the connection of somebody else.
        """
        for method in SERVICE.methods_by_name:
            request = self.requestFor(method)
            code = await self.codeOf(self.call(method, request, None, self.bob))
            self.assertIs(code, DENIED, method)

    async def test_unknownJobs(self) -> None:
        """
        Who may query any job learns that one does not exist; who may not do
        what was called learns nothing.
        """
        job = pb.Job(id=str(uuid4()))
        requests: dict[str, Any] = {
            "QueryJob": job,
            "DeleteJob": job,
            "WaitJob": job,
            "SignalJob": pb.SignalRequest(job=job, signal=10),
            "StopJob": pb.StopRequest(job=job),
            "StreamLog": pb.StreamRequest(job=job),
            "ReadLog": pb.ReadRequest(job=job),
        }
        others = {"StartJob", "ListJobs", "GetServerInfo", "WatchJobs"}
        self.assertEqual(others | {*requests}, set(SERVICE.methods_by_name))
        for method, request in requests.items():
            for roles, (own, _) in EXPECTED[method].items():
                token = claiming(roles=[*roles])
                code = await self.codeOf(self.call(method, request, token))
                expected = Code.NOT_FOUND if own is OK else DENIED
                self.assertIs(code, expected, (method, roles))

    async def test_unknownMethod(self) -> None:
        """
        What is no method of the service cannot be called.
        """
        call = self.alice.unary_unary("/proto.WorkerService/Shutdown")
        metadata = (("token", claiming(roles=["system.admin"])),)
        code = await self.codeOf(
            deferToThread(call, b"", timeout=20, metadata=metadata)
        )
        self.assertIs(code, Code.UNIMPLEMENTED)

    async def test_quiet(self) -> None:
        """
        Refusals are logged with who and why, and no token is ever logged.
        """
        observer = EventLoggingObserver.createWithCleanup(self, globalLogPublisher)
        tokens = [*self.everyToken()]
        for token in tokens:
            await self.codeOf(self.call("StopJob", self.requestFor("StopJob"), token))
        said = "\n".join(formatEvent(event) + repr(event) for event in observer)
        self.assertIn("refused StopJob to ['alice'] from 192.0.2.1:1234", said)
        for token in tokens:
            for part in token.split("."):
                if len(part) > 8:
                    self.assertNotIn(part, said)

    def everyToken(self) -> Iterator[str]:
        """
        Make good tokens, and all bad ones.
        """
        yield claiming()
        yield claiming(roles=["system.observer"])
        yield from BAD_TOKENS.values()
