"""
Jobs, page by page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from ..api import worker_pb2 as wire
from .failures import Unacceptable, UnknownJob
from .translation import statusOf
from .values import JobStatus, State

_STATES: Final = {
    State.RUNNING: wire.RUNNING,
    State.STOPPED: wire.STOPPED,
    State.EXITED: wire.EXITED,
    State.LOST: wire.LOST,
}

# The length of a whole id.
_WHOLE: Final = 36

#: Asks for a page.
Asking = Callable[[wire.ListRequest], wire.JobList]


def requestFor(
    states: Sequence[State],
    owner: str,
    after: int | None,
    before: int | None,
    prefix: str,
) -> wire.ListRequest:
    """
    Write down which jobs are wanted.
    """
    try:
        return wire.ListRequest(
            states=[_STATES[state] for state in states],
            owner=owner,
            started_after=after or 0,
            started_before=before or 0,
            id_prefix=prefix,
        )
    except KeyError:
        raise Unacceptable("jobs in an unknown state cannot be asked for") from None
    except (UnicodeError, ValueError):
        raise Unacceptable("there can be no such jobs") from None


def pages(
    request: wire.ListRequest, limit: int | None, ask: Asking
) -> Iterator[JobStatus]:
    """
    Fetch jobs as they are taken.

    @param limit: How many at most.
    """
    left = limit
    while left is None or left > 0:
        request.page_size = 1000 if left is None else min(left, 1000)
        answer = ask(request)
        yield from map(statusOf, answer.jobs)
        if left is not None:
            left -= len(answer.jobs)
        if not answer.next_page_token:
            return
        request.page_token = answer.next_page_token


def whole(start: str, ask: Asking) -> str:
    """
    Find the id of a job by its first characters.

    @raise UnknownJob: If no job has such an id.

    @raise Unacceptable: If more than one has.
    """
    if len(start) >= _WHOLE:
        return start
    if not start:
        raise Unacceptable("the id of the job is empty")
    request = requestFor((), "", None, None, start)
    request.page_size = 2
    answer = ask(request)
    if not answer.jobs:
        raise UnknownJob(f"no job has an id that begins with {start!r}", "check the id")
    if len(answer.jobs) > 1 or answer.next_page_token:
        raise Unacceptable(
            f"more than one job has an id that begins with {start!r}",
            "write more of it",
        )
    return answer.jobs[0].job.id
