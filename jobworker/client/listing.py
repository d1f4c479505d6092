"""
Jobs, page by page.

Nothing here performs I/O.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

from attrs import define, field

from ..api import worker_pb2 as wire
from .failures import Unacceptable, UnknownJob
from .questions import Question
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

# How many jobs a page has at most.
_PAGE: Final = 1000

_Answer = TypeVar("_Answer")


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


@define(eq=False)
class Pages:
    """
    Jobs that are fetched page by page.

    @ivar _left: How many are still wanted; C{None} for all.
    """

    _request: wire.ListRequest
    _left: int | None
    _over: bool = field(default=False, init=False)

    def next(self) -> Question[wire.JobList] | None:
        """
        Ask for the next page, if there is one.
        """
        if self._over or self._left == 0:
            return None
        self._request.page_size = min(
            _PAGE, _PAGE if self._left is None else self._left
        )
        return _listing(self._request, lambda page: page)

    def take(self, page: wire.JobList) -> Iterator[JobStatus]:
        """
        Take a page.
        """
        if self._left is not None:
            self._left = max(self._left - len(page.jobs), 0)
        self._request.page_token = page.next_page_token
        self._over = not page.next_page_token
        return map(statusOf, page.jobs)


def isWhole(start: str) -> bool:
    """
    Say whether these are all characters that an id has.
    """
    return len(start) >= _WHOLE


def resolving(start: str) -> Question[str]:
    """
    Ask for the id of a job by its first characters.

    The answer is an L{UnknownJob} if no job has such an id, and an
    L{Unacceptable} if more than one has.
    """
    if not start:
        raise Unacceptable("the id of the job is empty")
    request = requestFor((), "", None, None, start)
    request.page_size = 2

    def theOne(answer: wire.JobList) -> str:
        """
        Get the id of the only job.
        """
        if not answer.jobs:
            raise UnknownJob(
                f"no job has an id that begins with {start!r}", "check the id"
            )
        if len(answer.jobs) > 1 or answer.next_page_token:
            raise Unacceptable(
                f"more than one job has an id that begins with {start!r}",
                "write more of it",
            )
        return answer.jobs[0].job.id

    return _listing(request, theOne)


def _listing(
    request: wire.ListRequest, meaning: Callable[[wire.JobList], _Answer]
) -> Question[_Answer]:
    """
    Ask for a page of jobs.
    """
    return Question("ListJobs", request, wire.JobList.FromString, meaning)
