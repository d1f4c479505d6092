from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Phase(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PHASE_UNSPECIFIED: _ClassVar[Phase]
    PHASE_RUNNING: _ClassVar[Phase]
    PHASE_DRAINING: _ClassVar[Phase]
    PHASE_ENDED: _ClassVar[Phase]

class Cause(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CAUSE_UNSPECIFIED: _ClassVar[Cause]
    CAUSE_EXITED: _ClassVar[Cause]
    CAUSE_SIGNALED: _ClassVar[Cause]
    CAUSE_STOPPED: _ClassVar[Cause]
    CAUSE_LOG_LIMIT: _ClassVar[Cause]
    CAUSE_LOST: _ClassVar[Cause]
    CAUSE_TIMED_OUT: _ClassVar[Cause]
    CAUSE_IDLE: _ClassVar[Cause]
PHASE_UNSPECIFIED: Phase
PHASE_RUNNING: Phase
PHASE_DRAINING: Phase
PHASE_ENDED: Phase
CAUSE_UNSPECIFIED: Cause
CAUSE_EXITED: Cause
CAUSE_SIGNALED: Cause
CAUSE_STOPPED: Cause
CAUSE_LOG_LIMIT: Cause
CAUSE_LOST: Cause
CAUSE_TIMED_OUT: Cause
CAUSE_IDLE: Cause

class Envelope(_message.Message):
    __slots__ = ("hello", "refusal", "request", "answer", "event")
    HELLO_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    hello: Hello
    refusal: Refusal
    request: Request
    answer: Answer
    event: Event
    def __init__(self, hello: _Optional[_Union[Hello, _Mapping]] = ..., refusal: _Optional[_Union[Refusal, _Mapping]] = ..., request: _Optional[_Union[Request, _Mapping]] = ..., answer: _Optional[_Union[Answer, _Mapping]] = ..., event: _Optional[_Union[Event, _Mapping]] = ...) -> None: ...

class Hello(_message.Message):
    __slots__ = ("oldest", "newest", "package_version", "capabilities", "pid")
    OLDEST_FIELD_NUMBER: _ClassVar[int]
    NEWEST_FIELD_NUMBER: _ClassVar[int]
    PACKAGE_VERSION_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    oldest: int
    newest: int
    package_version: bytes
    capabilities: _containers.RepeatedScalarFieldContainer[str]
    pid: int
    def __init__(self, oldest: _Optional[int] = ..., newest: _Optional[int] = ..., package_version: _Optional[bytes] = ..., capabilities: _Optional[_Iterable[str]] = ..., pid: _Optional[int] = ...) -> None: ...

class Refusal(_message.Message):
    __slots__ = ("reason",)
    REASON_FIELD_NUMBER: _ClassVar[int]
    reason: bytes
    def __init__(self, reason: _Optional[bytes] = ...) -> None: ...

class Request(_message.Message):
    __slots__ = ("number", "start", "stop", "find", "delete", "subscribe", "follow", "unfollow", "search", "signal", "describe", "measure", "read_changes")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    STOP_FIELD_NUMBER: _ClassVar[int]
    FIND_FIELD_NUMBER: _ClassVar[int]
    DELETE_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIBE_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_FIELD_NUMBER: _ClassVar[int]
    UNFOLLOW_FIELD_NUMBER: _ClassVar[int]
    SEARCH_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_FIELD_NUMBER: _ClassVar[int]
    DESCRIBE_FIELD_NUMBER: _ClassVar[int]
    MEASURE_FIELD_NUMBER: _ClassVar[int]
    READ_CHANGES_FIELD_NUMBER: _ClassVar[int]
    number: int
    start: Start
    stop: Stop
    find: Find
    delete: Delete
    subscribe: Subscribe
    follow: Follow
    unfollow: Unfollow
    search: Search
    signal: Signal
    describe: Describe
    measure: Measure
    read_changes: ReadChanges
    def __init__(self, number: _Optional[int] = ..., start: _Optional[_Union[Start, _Mapping]] = ..., stop: _Optional[_Union[Stop, _Mapping]] = ..., find: _Optional[_Union[Find, _Mapping]] = ..., delete: _Optional[_Union[Delete, _Mapping]] = ..., subscribe: _Optional[_Union[Subscribe, _Mapping]] = ..., follow: _Optional[_Union[Follow, _Mapping]] = ..., unfollow: _Optional[_Union[Unfollow, _Mapping]] = ..., search: _Optional[_Union[Search, _Mapping]] = ..., signal: _Optional[_Union[Signal, _Mapping]] = ..., describe: _Optional[_Union[Describe, _Mapping]] = ..., measure: _Optional[_Union[Measure, _Mapping]] = ..., read_changes: _Optional[_Union[ReadChanges, _Mapping]] = ...) -> None: ...

class Start(_message.Message):
    __slots__ = ("command", "owner")
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    command: Command
    owner: bytes
    def __init__(self, command: _Optional[_Union[Command, _Mapping]] = ..., owner: _Optional[bytes] = ...) -> None: ...

class Stop(_message.Message):
    __slots__ = ("identifier", "by", "manner")
    IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    MANNER_FIELD_NUMBER: _ClassVar[int]
    identifier: bytes
    by: bytes
    manner: Manner
    def __init__(self, identifier: _Optional[bytes] = ..., by: _Optional[bytes] = ..., manner: _Optional[_Union[Manner, _Mapping]] = ...) -> None: ...

class Find(_message.Message):
    __slots__ = ("identifier",)
    IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    identifier: bytes
    def __init__(self, identifier: _Optional[bytes] = ...) -> None: ...

class Delete(_message.Message):
    __slots__ = ("identifier",)
    IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    identifier: bytes
    def __init__(self, identifier: _Optional[bytes] = ...) -> None: ...

class Subscribe(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Follow(_message.Message):
    __slots__ = ("identifier",)
    IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    identifier: bytes
    def __init__(self, identifier: _Optional[bytes] = ...) -> None: ...

class Unfollow(_message.Message):
    __slots__ = ("identifier",)
    IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    identifier: bytes
    def __init__(self, identifier: _Optional[bytes] = ...) -> None: ...

class Search(_message.Message):
    __slots__ = ("running", "causes", "owner", "after", "before", "prefix", "behind", "limit", "settled", "labels", "name")
    RUNNING_FIELD_NUMBER: _ClassVar[int]
    CAUSES_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    BEHIND_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    SETTLED_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    running: bool
    causes: _containers.RepeatedScalarFieldContainer[Cause]
    owner: bytes
    after: int
    before: int
    prefix: bytes
    behind: Place
    limit: int
    settled: int
    labels: _containers.RepeatedCompositeFieldContainer[Label]
    name: bytes
    def __init__(self, running: bool = ..., causes: _Optional[_Iterable[_Union[Cause, str]]] = ..., owner: _Optional[bytes] = ..., after: _Optional[int] = ..., before: _Optional[int] = ..., prefix: _Optional[bytes] = ..., behind: _Optional[_Union[Place, _Mapping]] = ..., limit: _Optional[int] = ..., settled: _Optional[int] = ..., labels: _Optional[_Iterable[_Union[Label, _Mapping]]] = ..., name: _Optional[bytes] = ...) -> None: ...

class Label(_message.Message):
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: bytes
    value: bytes
    def __init__(self, name: _Optional[bytes] = ..., value: _Optional[bytes] = ...) -> None: ...

class Signal(_message.Message):
    __slots__ = ("identifier", "by", "number")
    IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    identifier: bytes
    by: bytes
    number: int
    def __init__(self, identifier: _Optional[bytes] = ..., by: _Optional[bytes] = ..., number: _Optional[int] = ...) -> None: ...

class Describe(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Measure(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ReadChanges(_message.Message):
    __slots__ = ("since", "limit")
    SINCE_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    since: JournalPlace
    limit: int
    def __init__(self, since: _Optional[_Union[JournalPlace, _Mapping]] = ..., limit: _Optional[int] = ...) -> None: ...

class JournalPlace(_message.Message):
    __slots__ = ("journal", "revision")
    JOURNAL_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    journal: bytes
    revision: int
    def __init__(self, journal: _Optional[bytes] = ..., revision: _Optional[int] = ...) -> None: ...

class Place(_message.Message):
    __slots__ = ("started", "identifier")
    STARTED_FIELD_NUMBER: _ClassVar[int]
    IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    started: int
    identifier: bytes
    def __init__(self, started: _Optional[int] = ..., identifier: _Optional[bytes] = ...) -> None: ...

class Answer(_message.Message):
    __slots__ = ("number", "done", "record", "failure", "page", "description", "tally", "changes")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    TALLY_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    number: int
    done: Done
    record: Record
    failure: Failure
    page: Page
    description: Description
    tally: Tally
    changes: Changes
    def __init__(self, number: _Optional[int] = ..., done: _Optional[_Union[Done, _Mapping]] = ..., record: _Optional[_Union[Record, _Mapping]] = ..., failure: _Optional[_Union[Failure, _Mapping]] = ..., page: _Optional[_Union[Page, _Mapping]] = ..., description: _Optional[_Union[Description, _Mapping]] = ..., tally: _Optional[_Union[Tally, _Mapping]] = ..., changes: _Optional[_Union[Changes, _Mapping]] = ...) -> None: ...

class Done(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Changes(_message.Message):
    __slots__ = ("changes", "place", "more")
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[Change]
    place: JournalPlace
    more: bool
    def __init__(self, changes: _Optional[_Iterable[_Union[Change, _Mapping]]] = ..., place: _Optional[_Union[JournalPlace, _Mapping]] = ..., more: bool = ...) -> None: ...

class Change(_message.Message):
    __slots__ = ("revision", "kind", "at", "record")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[Change.Kind]
        STARTED: _ClassVar[Change.Kind]
        CHANGED: _ClassVar[Change.Kind]
        ENDED: _ClassVar[Change.Kind]
        DELETED: _ClassVar[Change.Kind]
    KIND_UNSPECIFIED: Change.Kind
    STARTED: Change.Kind
    CHANGED: Change.Kind
    ENDED: Change.Kind
    DELETED: Change.Kind
    REVISION_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    revision: int
    kind: Change.Kind
    at: int
    record: Record
    def __init__(self, revision: _Optional[int] = ..., kind: _Optional[_Union[Change.Kind, str]] = ..., at: _Optional[int] = ..., record: _Optional[_Union[Record, _Mapping]] = ...) -> None: ...

class Page(_message.Message):
    __slots__ = ("records", "more")
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    records: _containers.RepeatedCompositeFieldContainer[Record]
    more: bool
    def __init__(self, records: _Optional[_Iterable[_Union[Record, _Mapping]]] = ..., more: bool = ...) -> None: ...

class Description(_message.Message):
    __slots__ = ("package", "limits", "guarantees")
    PACKAGE_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    GUARANTEES_FIELD_NUMBER: _ClassVar[int]
    package: bytes
    limits: _containers.RepeatedCompositeFieldContainer[Limit]
    guarantees: _containers.RepeatedCompositeFieldContainer[Guarantee]
    def __init__(self, package: _Optional[bytes] = ..., limits: _Optional[_Iterable[_Union[Limit, _Mapping]]] = ..., guarantees: _Optional[_Iterable[_Union[Guarantee, _Mapping]]] = ...) -> None: ...

class Limit(_message.Message):
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: bytes
    value: int
    def __init__(self, name: _Optional[bytes] = ..., value: _Optional[int] = ...) -> None: ...

class Guarantee(_message.Message):
    __slots__ = ("name", "holds", "reason")
    NAME_FIELD_NUMBER: _ClassVar[int]
    HOLDS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    name: bytes
    holds: bool
    reason: bytes
    def __init__(self, name: _Optional[bytes] = ..., holds: bool = ..., reason: _Optional[bytes] = ...) -> None: ...

class Tally(_message.Message):
    __slots__ = ("started", "ended", "log_bytes", "running", "draining", "kept", "spool_bytes")
    STARTED_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    LOG_BYTES_FIELD_NUMBER: _ClassVar[int]
    RUNNING_FIELD_NUMBER: _ClassVar[int]
    DRAINING_FIELD_NUMBER: _ClassVar[int]
    KEPT_FIELD_NUMBER: _ClassVar[int]
    SPOOL_BYTES_FIELD_NUMBER: _ClassVar[int]
    started: int
    ended: _containers.RepeatedCompositeFieldContainer[Count]
    log_bytes: int
    running: int
    draining: int
    kept: int
    spool_bytes: int
    def __init__(self, started: _Optional[int] = ..., ended: _Optional[_Iterable[_Union[Count, _Mapping]]] = ..., log_bytes: _Optional[int] = ..., running: _Optional[int] = ..., draining: _Optional[int] = ..., kept: _Optional[int] = ..., spool_bytes: _Optional[int] = ...) -> None: ...

class Count(_message.Message):
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: bytes
    value: int
    def __init__(self, name: _Optional[bytes] = ..., value: _Optional[int] = ...) -> None: ...

class Failure(_message.Message):
    __slots__ = ("kind", "identifier", "reason", "seconds")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNEXPECTED: _ClassVar[Failure.Kind]
        NO_SUCH_JOB: _ClassVar[Failure.Kind]
        NOT_RUNNING: _ClassVar[Failure.Kind]
        STILL_RUNNING: _ClassVar[Failure.Kind]
        STOP_IGNORED: _ClassVar[Failure.Kind]
        LAUNCH_FAILED: _ClassVar[Failure.Kind]
        NO_ROOM: _ClassVar[Failure.Kind]
        STORAGE_FAILED: _ClassVar[Failure.Kind]
        SHUTTING_DOWN: _ClassVar[Failure.Kind]
        UNREACHABLE: _ClassVar[Failure.Kind]
        KEY_TAKEN: _ClassVar[Failure.Kind]
        PLACE_LOST: _ClassVar[Failure.Kind]
        TABLE_DAMAGED: _ClassVar[Failure.Kind]
    UNEXPECTED: Failure.Kind
    NO_SUCH_JOB: Failure.Kind
    NOT_RUNNING: Failure.Kind
    STILL_RUNNING: Failure.Kind
    STOP_IGNORED: Failure.Kind
    LAUNCH_FAILED: Failure.Kind
    NO_ROOM: Failure.Kind
    STORAGE_FAILED: Failure.Kind
    SHUTTING_DOWN: Failure.Kind
    UNREACHABLE: Failure.Kind
    KEY_TAKEN: Failure.Kind
    PLACE_LOST: Failure.Kind
    TABLE_DAMAGED: Failure.Kind
    KIND_FIELD_NUMBER: _ClassVar[int]
    IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    kind: Failure.Kind
    identifier: bytes
    reason: bytes
    seconds: float
    def __init__(self, kind: _Optional[_Union[Failure.Kind, str]] = ..., identifier: _Optional[bytes] = ..., reason: _Optional[bytes] = ..., seconds: _Optional[float] = ...) -> None: ...

class Event(_message.Message):
    __slots__ = ("changed", "grew", "journal_grew", "forgotten")
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    GREW_FIELD_NUMBER: _ClassVar[int]
    JOURNAL_GREW_FIELD_NUMBER: _ClassVar[int]
    FORGOTTEN_FIELD_NUMBER: _ClassVar[int]
    changed: Record
    grew: Growth
    journal_grew: JournalGrew
    forgotten: Forgotten
    def __init__(self, changed: _Optional[_Union[Record, _Mapping]] = ..., grew: _Optional[_Union[Growth, _Mapping]] = ..., journal_grew: _Optional[_Union[JournalGrew, _Mapping]] = ..., forgotten: _Optional[_Union[Forgotten, _Mapping]] = ...) -> None: ...

class Forgotten(_message.Message):
    __slots__ = ("identifier",)
    IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    identifier: bytes
    def __init__(self, identifier: _Optional[bytes] = ...) -> None: ...

class JournalGrew(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Growth(_message.Message):
    __slots__ = ("identifiers",)
    IDENTIFIERS_FIELD_NUMBER: _ClassVar[int]
    identifiers: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, identifiers: _Optional[_Iterable[bytes]] = ...) -> None: ...

class Command(_message.Message):
    __slots__ = ("program", "arguments", "specification", "input")
    PROGRAM_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    SPECIFICATION_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    program: bytes
    arguments: _containers.RepeatedScalarFieldContainer[bytes]
    specification: bytes
    input: bytes
    def __init__(self, program: _Optional[bytes] = ..., arguments: _Optional[_Iterable[bytes]] = ..., specification: _Optional[bytes] = ..., input: _Optional[bytes] = ...) -> None: ...

class Manner(_message.Message):
    __slots__ = ("signal", "grace")
    SIGNAL_FIELD_NUMBER: _ClassVar[int]
    GRACE_FIELD_NUMBER: _ClassVar[int]
    signal: int
    grace: float
    def __init__(self, signal: _Optional[int] = ..., grace: _Optional[float] = ...) -> None: ...

class Process(_message.Message):
    __slots__ = ("pid", "start", "boot")
    PID_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    BOOT_FIELD_NUMBER: _ClassVar[int]
    pid: int
    start: int
    boot: bytes
    def __init__(self, pid: _Optional[int] = ..., start: _Optional[int] = ..., boot: _Optional[bytes] = ...) -> None: ...

class Status(_message.Message):
    __slots__ = ("code", "signal")
    CODE_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_FIELD_NUMBER: _ClassVar[int]
    code: int
    signal: int
    def __init__(self, code: _Optional[int] = ..., signal: _Optional[int] = ...) -> None: ...

class StopNote(_message.Message):
    __slots__ = ("by", "manner", "at", "cause", "reason")
    BY_FIELD_NUMBER: _ClassVar[int]
    MANNER_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    by: bytes
    manner: Manner
    at: int
    cause: Cause
    reason: bytes
    def __init__(self, by: _Optional[bytes] = ..., manner: _Optional[_Union[Manner, _Mapping]] = ..., at: _Optional[int] = ..., cause: _Optional[_Union[Cause, str]] = ..., reason: _Optional[bytes] = ...) -> None: ...

class Ending(_message.Message):
    __slots__ = ("cause", "status", "at", "reason")
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    cause: Cause
    status: Status
    at: int
    reason: bytes
    def __init__(self, cause: _Optional[_Union[Cause, str]] = ..., status: _Optional[_Union[Status, _Mapping]] = ..., at: _Optional[int] = ..., reason: _Optional[bytes] = ...) -> None: ...

class Record(_message.Message):
    __slots__ = ("identifier", "command", "owner", "process", "started", "phase", "stop", "status", "ending", "usage", "created", "written", "conditions")
    IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    PROCESS_FIELD_NUMBER: _ClassVar[int]
    STARTED_FIELD_NUMBER: _ClassVar[int]
    PHASE_FIELD_NUMBER: _ClassVar[int]
    STOP_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ENDING_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    WRITTEN_FIELD_NUMBER: _ClassVar[int]
    CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    identifier: bytes
    command: Command
    owner: bytes
    process: Process
    started: int
    phase: Phase
    stop: StopNote
    status: Status
    ending: Ending
    usage: Usage
    created: int
    written: _containers.RepeatedCompositeFieldContainer[Written]
    conditions: bytes
    def __init__(self, identifier: _Optional[bytes] = ..., command: _Optional[_Union[Command, _Mapping]] = ..., owner: _Optional[bytes] = ..., process: _Optional[_Union[Process, _Mapping]] = ..., started: _Optional[int] = ..., phase: _Optional[_Union[Phase, str]] = ..., stop: _Optional[_Union[StopNote, _Mapping]] = ..., status: _Optional[_Union[Status, _Mapping]] = ..., ending: _Optional[_Union[Ending, _Mapping]] = ..., usage: _Optional[_Union[Usage, _Mapping]] = ..., created: _Optional[int] = ..., written: _Optional[_Iterable[_Union[Written, _Mapping]]] = ..., conditions: _Optional[bytes] = ...) -> None: ...

class Written(_message.Message):
    __slots__ = ("source", "bytes")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    source: int
    bytes: int
    def __init__(self, source: _Optional[int] = ..., bytes: _Optional[int] = ...) -> None: ...

class Usage(_message.Message):
    __slots__ = ("user", "system", "peak", "bound")
    USER_FIELD_NUMBER: _ClassVar[int]
    SYSTEM_FIELD_NUMBER: _ClassVar[int]
    PEAK_FIELD_NUMBER: _ClassVar[int]
    BOUND_FIELD_NUMBER: _ClassVar[int]
    user: int
    system: int
    peak: int
    bound: bool
    def __init__(self, user: _Optional[int] = ..., system: _Optional[int] = ..., peak: _Optional[int] = ..., bound: bool = ...) -> None: ...
