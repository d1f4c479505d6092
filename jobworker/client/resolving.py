"""
Which job is meant by what somebody writes: its id, the beginning of that, or
its name.

Nothing here performs I/O.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Final, TypeAlias

from ..api import worker_pb2 as wire
from ..bounds import isName
from .failures import Unacceptable, UnknownJob, Unsupported
from .filters import Filter
from .listing import insist, listing, requestFor
from .questions import Question
from .values import State

_WHOLE: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
_PREFIX: Final = re.compile(r"[0-9a-f-]{1,36}")

# How many jobs are named where one is meant.
_NAMED: Final = 3

# Of ids at least so much is shown.  Somebody who writes less and there is a job of
# that name means the name: an id begins with two given digits in one of 256 cases.
_SHOWN: Final = 8

#: Asks for pages until it is known which job is meant.
Resolution: TypeAlias = Generator[Question[wire.JobList], wire.JobList, str]


def isWhole(text: str) -> bool:
    """
    Say whether this is an id from its beginning to its end, so that nothing
    need be asked.
    """
    return _WHOLE.fullmatch(text) is not None


def resolving(text: str) -> Resolution:
    """
    Find out which job is meant.

    A name means the newest job of that name that runs, or if none runs the
    newest.

    @raise UnknownJob: If there is none.

    @raise Unacceptable: If there may be more than one: of ids that begin like
        this, or because it is the beginning of one job's id, of eight characters or
        more, and the name of another.
    """
    if isWhole(text):
        return text
    if not text:
        raise Unacceptable("the id of the job is empty")
    begin = (yield from _beginning(text)) if _PREFIX.fullmatch(text) else []
    named = (yield from _named(text, bool(begin))) if isName(text) else []
    if named and len(text) < _SHOWN:
        return named[0]
    found = dict.fromkeys([*named, *begin])
    if not found:
        raise UnknownJob(
            f"no job has the id or the name {text!r}", "'jobworker ps --all' lists them"
        )
    if len(found) == 1:
        return next(iter(found))
    some = ", ".join([*found][:_NAMED]) + (", …" if len(found) > _NAMED else "")
    if named and begin:
        said = f"{text!r} is the name of a job and begins the id of another: {some}"
        raise Unacceptable(said, "write the whole id")
    raise Unacceptable(
        f"more than one job has an id that begins with {text!r}: {some}",
        "write more of it",
    )


def _beginning(
    text: str,
) -> Generator[Question[wire.JobList], wire.JobList, list[str]]:
    """
    Find jobs whose ids begin like this, as many as need be told.
    """
    request = requestFor(Filter(prefix=text))
    request.page_size = _NAMED + 1
    page = yield listing(request)
    found = [each.job.id for each in page.jobs]
    while len(found) <= _NAMED and page.next_page_token:
        request.page_token = page.next_page_token
        page = yield listing(request)
        found += [each.job.id for each in page.jobs]
    return found


def _named(
    text: str, found: bool
) -> Generator[Question[wire.JobList], wire.JobList, list[str]]:
    """
    Find the job that is meant by a name.

    @param found: Whether there is one with an id like this, so that it does not
        matter if the server knows nothing of names.
    """
    for states in ((State.RUNNING,), ()):
        request = requestFor(Filter(states, name=text))
        request.page_size = 1
        page = yield listing(request)
        try:
            insist(request, page)
        except Unsupported:
            if found:
                return []
            raise
        if page.jobs:
            return [page.jobs[0].job.id]
    return []
