"""
Hypothesis strategies for the values of the domain.

Sizes are bounded so that a hundred examples take milliseconds, not so that
larger ones would not work.
"""

from __future__ import annotations

from functools import reduce

from hypothesis import strategies as st

from jobworker.changes import Change, Changes, JournalPlace, Kind
from jobworker.conditions import Conditions
from jobworker.jobs import (
    Cause,
    Command,
    Manner,
    Phase,
    ProcessIdentity,
    Record,
    Status,
    Stop,
    Usage,
    Written,
)
from jobworker.life import CommandExited, Drained, Event, Lost, StopRequested, advance
from jobworker.queries import Query
from jobworker.specification import (
    NOTHING,
    RESOURCES,
    Input,
    ResourceLimit,
    Specification,
)

#: Times, in nanoseconds: any that 64 bits can hold.
times = st.integers(0, 2**63 - 1)

#: What an argument of a process can be: any text without NUL, lone surrogates
#: among it, which stand for bytes that are not UTF-8.
#:
#: Characters are made of their numbers: Hypothesis takes more than a second
#: to make its tables of Unicode on a machine where it has not run before, and
#: then calls the test too slow.
arguments = st.text(
    st.integers(1, 0x10FFFF).map(chr) | st.integers(0xD800, 0xDFFF).map(chr),
    max_size=20,
)

#: Text that the wire can carry and a process can be given.
texts = st.text("a b\n\u00e9\u65e5\U0001f600\x01", max_size=10)

#: Names of people, as tokens and certificates hold them.
subjects = st.text("abcxyzABC019.-@ éß日", min_size=1, max_size=10)

#: What is said in words.
reasons = arguments

identifiers = st.uuids().map(str)

_names = st.text("abzAZ_", min_size=1, max_size=5)
_seconds = st.none() | st.floats(0.001, 1e6)
_bounds = st.integers(-1, 2**62)

#: What jobs ask for, not always within the limits.
specifications = st.builds(
    Specification,
    environment=st.dictionaries(_names, st.none() | arguments, max_size=3),
    directory=st.just("") | arguments.map("/{}".format),
    umask=st.none() | st.integers(0, 0o777),
    nice=st.none() | st.integers(0, 19),
    limits=st.lists(
        st.builds(ResourceLimit, st.sampled_from(RESOURCES), _bounds, _bounds),
        max_size=2,
        unique_by=lambda limit: limit.resource,
    ),
    timeout=_seconds,
    idleTimeout=_seconds,
    stopSignal=st.integers(0, 64),
    stopGrace=_seconds,
    labels=st.dictionaries(_names, arguments, max_size=3),
    name=st.just("") | _names,
    key=st.just("") | arguments,
    input=st.none() | st.binary(max_size=5).map(Input.of),
    user=st.just("") | _names,
    group=st.just("") | _names,
)

#: What jobs find.
conditions = st.builds(
    Conditions,
    directory=arguments.map("/{}".format),
    umask=st.integers(0, 0o777),
    nice=st.integers(-20, 19),
    limits=st.lists(
        st.builds(ResourceLimit, st.sampled_from(RESOURCES), _bounds, _bounds),
        max_size=2,
        unique_by=lambda limit: limit.resource,
    ).map(tuple),
    userNumber=st.integers(0, 2**32 - 1),
    user=st.just("") | _names,
    groupNumber=st.integers(0, 2**32 - 1),
    group=st.just("") | _names,
    variables=st.lists(_names, max_size=3).map(tuple),
    stopSignal=st.integers(1, 64),
    stopGrace=_seconds,
    logLimit=st.integers(0, 2**62),
    logPolicy=st.just("") | _names,
)

commands = st.builds(
    Command,
    arguments,
    st.lists(arguments, max_size=5).map(tuple),
    st.just(NOTHING) | specifications,
)

processes = st.builds(
    ProcessIdentity,
    pid=st.integers(1, 2**22),
    start=times,
    boot=identifiers,
)

#: Exit codes and signals as wait(2) gives them.
statuses = st.builds(Status, code=st.integers(0, 255)) | st.builds(
    Status, signal=st.integers(1, 64)
)

_counts = st.integers(0, 2**62)

usages = st.none() | st.builds(
    Usage, _counts, _counts, st.none() | _counts, st.booleans()
)

writtens = st.none() | st.builds(Written, _counts, _counts)

manners = st.builds(
    Manner,
    signal=st.integers(1, 64),
    grace=st.none() | st.floats(0, 1e6, allow_nan=False),
)

stops = st.builds(
    Stop,
    by=subjects,
    manner=manners,
    at=times,
    cause=st.sampled_from(
        [Cause.STOPPED, Cause.LOG_LIMIT, Cause.TIMED_OUT, Cause.IDLE]
    ),
    reason=reasons,
)

events: st.SearchStrategy[Event] = (
    st.builds(StopRequested, stops)
    | st.builds(CommandExited, statuses, usages)
    | st.builds(Drained, times, writtens)
    | st.builds(Lost, times, reasons)
)

#: Records of jobs that have just been started.
newRecords = st.builds(
    Record,
    identifier=identifiers,
    command=commands,
    owner=subjects,
    process=processes,
    started=times,
    phase=st.just(Phase.RUNNING),
    stop=st.none(),
    status=st.none(),
    ending=st.none(),
    usage=st.none(),
    created=st.none() | times,
    written=st.none(),
    conditions=st.none() | conditions,
)

_requests = st.builds(StopRequested, stops)


@st.composite
def lives(draw: st.DrawFn, complete: bool = False) -> list[Event]:
    """
    Make events that can happen to a job, in an order in which they can.

    @param complete: Whether the job must have ended after them.
    """
    happened: list[Event] = [*draw(st.lists(_requests, max_size=2))]
    exited = draw(st.booleans())
    if exited:
        happened.append(draw(st.builds(CommandExited, statuses, usages)))
        happened += draw(st.lists(_requests, max_size=2))
    if complete or draw(st.booleans()):
        lost: st.SearchStrategy[Event] = st.builds(Lost, times, reasons)
        drained: st.SearchStrategy[Event] = st.builds(Drained, times, writtens)
        happened.append(draw(drained | lost if exited else lost))
    return happened


#: Records of jobs in any phase, as they come about.
records = st.builds(
    lambda record, happened: reduce(advance, happened, record), newRecords, lives()
)

#: What somebody may want to see of jobs.
queries = st.builds(
    Query,
    running=st.booleans(),
    causes=st.frozensets(st.sampled_from(Cause)),
    owner=st.none() | subjects,
    after=st.none() | times,
    before=st.none() | times,
    prefix=st.text("0123456789abcdef-", max_size=36),
    behind=st.none() | st.tuples(times, identifiers),
    limit=st.integers(1, 1000),
    settled=st.none() | times,
    labels=st.dictionaries(
        st.text("abzAZ09", min_size=1, max_size=5), st.none() | arguments, max_size=3
    ).map(lambda labels: tuple(labels.items())),
    name=st.none() | _names,
)

#: How far somebody has read in a journal.
journalPlaces = st.builds(
    JournalPlace, st.text("0123456789abcdef", min_size=32, max_size=32), times
)

#: Changes that somebody has read.
changes = st.builds(
    Changes,
    journalPlaces,
    st.lists(
        st.builds(Change, times, st.sampled_from(Kind), times, records), max_size=3
    ).map(tuple),
    st.booleans(),
)
