"""
Jobs, page by page.

Nothing here performs I/O.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attrs import define, field

from ..api import worker_pb2 as wire
from .failures import Unacceptable, Unsupported
from .filters import Filter
from .questions import Question
from .translation import statusOf
from .values import JobStatus, State

_STATES: Final = {
    State.RUNNING: wire.RUNNING,
    State.STOPPED: wire.STOPPED,
    State.EXITED: wire.EXITED,
    State.LOST: wire.LOST,
}

# How many jobs a page has at most.
_PAGE: Final = 1000

# The last time that can be told.
_LATEST: Final = 2**63 - 1


def requestFor(wanted: Filter) -> wire.ListRequest:
    """
    Write down which jobs are wanted.

    @raise Unacceptable: If there can be none of these.
    """
    labels = wanted.labels.items()
    try:
        return wire.ListRequest(
            states=[_STATES[state] for state in wanted.states],
            owner=wanted.owner,
            started_after=_told(wanted.after),
            started_before=_told(wanted.before),
            id_prefix=wanted.prefix,
            labels={key: value for key, value in labels if value is not None},
            label_names=[key for key, value in labels if value is None],
            name=wanted.name,
        )
    except KeyError:
        raise Unacceptable("jobs in an unknown state cannot be asked for") from None
    except (UnicodeError, ValueError):
        raise Unacceptable("there can be no such jobs") from None


def _told(time: int | None) -> int:
    """
    Write down a time, or the nearest that can be told, which means the same.
    """
    return 0 if time is None else min(max(time, 1), _LATEST)


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
        return listing(self._request)

    def take(self, page: wire.JobList) -> Iterator[JobStatus]:
        """
        Take a page.

        @raise Unsupported: If the server has not looked at all that was asked.
        """
        insist(self._request, page)
        if self._left is not None:
            self._left = max(self._left - len(page.jobs), 0)
        self._request.page_token = page.next_page_token
        self._over = not page.next_page_token
        return map(statusOf, page.jobs)


def insist(request: wire.ListRequest, page: wire.JobList) -> None:
    """
    See whether the jobs of a page are those that are wanted.

    @raise Unsupported: If they are not, because the server does not know
        labels and names in requests, and has passed over them.
    """
    for job in page.jobs:
        labels = job.command.labels
        if (
            (request.name and job.command.name != request.name)
            or any(name not in labels for name in request.label_names)
            or any(labels.get(name) != value for name, value in request.labels.items())
        ):
            raise Unsupported(
                "the server cannot find jobs by label or name",
                "it is older than this client",
            )


def listing(request: wire.ListRequest) -> Question[wire.JobList]:
    """
    Ask for a page of jobs.
    """
    return Question("ListJobs", request, wire.JobList.FromString, lambda page: page)
