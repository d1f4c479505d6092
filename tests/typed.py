"""
What users of the package write, with types: by itself, for asyncio and for Twisted.

It is not run but checked, where the package is installed.
"""

from __future__ import annotations

from twisted.internet.interfaces import IReactorFromThreads

from jobworker.client import (
    Address,
    AsyncClient,
    Client,
    Credentials,
    Event,
    Failure,
    Filter,
    Finished,
    Output,
    Specification,
    State,
    UnknownJob,
    loadToken,
)
from jobworker.twistedclient import TwistedClient, TwistedJob


def byItself() -> int | None:
    """
    Start a job, read what it writes, and handle what may go wrong.
    """
    credentials = Credentials.load("cert.pem", "key.pem", ["ca.pem"])
    address, token = Address.parse("127.0.0.1:7777"), loadToken("alice.jwt")
    wanted = Specification(name="nightly", labels={"team": "a"}, timeout=60.0)
    try:
        with Client(address, credentials, token) as client:
            job = client.start(["sh", "-c", "echo out"], wanted)
            for event in job.logs(last=10):
                if isinstance(event, Output):
                    written: bytes = event.data
                    print(event.source.name, event.offset, written)
                elif isinstance(event, Finished):
                    return event.status.exitCode
    except UnknownJob as unknown:
        reason: str = unknown.cause
        print(reason)
    except Failure as failure:
        print(failure.cause, failure.remedy)
    return None


async def inAsyncio(client: AsyncClient) -> list[str]:
    """
    Start a job, read what it writes, wait for it, and look for others.
    """
    job = await client.start(["true"])
    async for event in job.logs():
        if isinstance(event, Output):
            print(event.data.decode())
    state: State = (await job.wait(timeout=5.0)).state
    print(state)
    return [each.identifier async for each in client.jobs(Filter([state]), limit=5)]


async def inTwisted(reactor: IReactorFromThreads) -> int | None:
    """
    Start a job, and hear what it writes.
    """

    def received(event: Event) -> None:
        """
        Hear what happens.
        """
        if isinstance(event, Output):
            print(event.data.decode())

    client = TwistedClient.from_context(reactor)
    job: TwistedJob = await client.start(["true"])
    finished = await job.logs(received)
    await client.close()
    return finished.status.exitCode
