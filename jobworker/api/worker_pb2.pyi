import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ProcessState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RUNNING: _ClassVar[ProcessState]
    STOPPED: _ClassVar[ProcessState]
    EXITED: _ClassVar[ProcessState]
    LOST: _ClassVar[ProcessState]

class Cause(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CAUSE_UNSPECIFIED: _ClassVar[Cause]
    CAUSE_EXITED: _ClassVar[Cause]
    CAUSE_SIGNALED: _ClassVar[Cause]
    CAUSE_STOPPED: _ClassVar[Cause]
    CAUSE_LOST: _ClassVar[Cause]
    CAUSE_LOG_LIMIT: _ClassVar[Cause]
    CAUSE_TIMED_OUT: _ClassVar[Cause]
    CAUSE_IDLE: _ClassVar[Cause]

class Source(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SOURCE_UNSPECIFIED: _ClassVar[Source]
    STDOUT: _ClassVar[Source]
    STDERR: _ClassVar[Source]
RUNNING: ProcessState
STOPPED: ProcessState
EXITED: ProcessState
LOST: ProcessState
CAUSE_UNSPECIFIED: Cause
CAUSE_EXITED: Cause
CAUSE_SIGNALED: Cause
CAUSE_STOPPED: Cause
CAUSE_LOST: Cause
CAUSE_LOG_LIMIT: Cause
CAUSE_TIMED_OUT: Cause
CAUSE_IDLE: Cause
SOURCE_UNSPECIFIED: Source
STDOUT: Source
STDERR: Source

class Command(_message.Message):
    __slots__ = ("cmd", "args", "environment", "unset", "directory", "umask", "nice", "limits", "timeout", "idle_timeout", "stop_signal", "stop_grace", "labels", "name", "key", "stdin", "stdin_bytes", "user", "group")
    class EnvironmentEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    CMD_FIELD_NUMBER: _ClassVar[int]
    ARGS_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_FIELD_NUMBER: _ClassVar[int]
    UNSET_FIELD_NUMBER: _ClassVar[int]
    DIRECTORY_FIELD_NUMBER: _ClassVar[int]
    UMASK_FIELD_NUMBER: _ClassVar[int]
    NICE_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    IDLE_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    STOP_SIGNAL_FIELD_NUMBER: _ClassVar[int]
    STOP_GRACE_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    STDIN_FIELD_NUMBER: _ClassVar[int]
    STDIN_BYTES_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    cmd: str
    args: _containers.RepeatedScalarFieldContainer[str]
    environment: _containers.ScalarMap[str, str]
    unset: _containers.RepeatedScalarFieldContainer[str]
    directory: str
    umask: int
    nice: int
    limits: _containers.RepeatedCompositeFieldContainer[ResourceLimit]
    timeout: _duration_pb2.Duration
    idle_timeout: _duration_pb2.Duration
    stop_signal: int
    stop_grace: _duration_pb2.Duration
    labels: _containers.ScalarMap[str, str]
    name: str
    key: str
    stdin: bytes
    stdin_bytes: int
    user: str
    group: str
    def __init__(self, cmd: _Optional[str] = ..., args: _Optional[_Iterable[str]] = ..., environment: _Optional[_Mapping[str, str]] = ..., unset: _Optional[_Iterable[str]] = ..., directory: _Optional[str] = ..., umask: _Optional[int] = ..., nice: _Optional[int] = ..., limits: _Optional[_Iterable[_Union[ResourceLimit, _Mapping]]] = ..., timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., idle_timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., stop_signal: _Optional[int] = ..., stop_grace: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., labels: _Optional[_Mapping[str, str]] = ..., name: _Optional[str] = ..., key: _Optional[str] = ..., stdin: _Optional[bytes] = ..., stdin_bytes: _Optional[int] = ..., user: _Optional[str] = ..., group: _Optional[str] = ...) -> None: ...

class ResourceLimit(_message.Message):
    __slots__ = ("resource", "soft", "hard")
    RESOURCE_FIELD_NUMBER: _ClassVar[int]
    SOFT_FIELD_NUMBER: _ClassVar[int]
    HARD_FIELD_NUMBER: _ClassVar[int]
    resource: str
    soft: int
    hard: int
    def __init__(self, resource: _Optional[str] = ..., soft: _Optional[int] = ..., hard: _Optional[int] = ...) -> None: ...

class Job(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class StopRequest(_message.Message):
    __slots__ = ("job", "force", "signal", "grace")
    JOB_FIELD_NUMBER: _ClassVar[int]
    FORCE_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_FIELD_NUMBER: _ClassVar[int]
    GRACE_FIELD_NUMBER: _ClassVar[int]
    job: Job
    force: bool
    signal: int
    grace: _duration_pb2.Duration
    def __init__(self, job: _Optional[_Union[Job, _Mapping]] = ..., force: bool = ..., signal: _Optional[int] = ..., grace: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class Deleted(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class StreamRequest(_message.Message):
    __slots__ = ("job", "startPoint")
    JOB_FIELD_NUMBER: _ClassVar[int]
    STARTPOINT_FIELD_NUMBER: _ClassVar[int]
    job: Job
    startPoint: int
    def __init__(self, job: _Optional[_Union[Job, _Mapping]] = ..., startPoint: _Optional[int] = ...) -> None: ...

class Log(_message.Message):
    __slots__ = ("nbSequence", "entry", "unterminated")
    NBSEQUENCE_FIELD_NUMBER: _ClassVar[int]
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    UNTERMINATED_FIELD_NUMBER: _ClassVar[int]
    nbSequence: int
    entry: str
    unterminated: bool
    def __init__(self, nbSequence: _Optional[int] = ..., entry: _Optional[str] = ..., unterminated: bool = ...) -> None: ...

class ProcessStatus(_message.Message):
    __slots__ = ("pid", "state", "exitCode", "signal", "reason", "cause")
    PID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    EXITCODE_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    pid: int
    state: ProcessState
    exitCode: int
    signal: int
    reason: str
    cause: Cause
    def __init__(self, pid: _Optional[int] = ..., state: _Optional[_Union[ProcessState, str]] = ..., exitCode: _Optional[int] = ..., signal: _Optional[int] = ..., reason: _Optional[str] = ..., cause: _Optional[_Union[Cause, str]] = ...) -> None: ...

class JobStatus(_message.Message):
    __slots__ = ("job", "command", "owner", "status", "created", "started", "ended", "usage", "written", "in_force")
    JOB_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    STARTED_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    WRITTEN_FIELD_NUMBER: _ClassVar[int]
    IN_FORCE_FIELD_NUMBER: _ClassVar[int]
    job: Job
    command: Command
    owner: str
    status: ProcessStatus
    created: int
    started: int
    ended: int
    usage: Usage
    written: _containers.RepeatedCompositeFieldContainer[Written]
    in_force: Conditions
    def __init__(self, job: _Optional[_Union[Job, _Mapping]] = ..., command: _Optional[_Union[Command, _Mapping]] = ..., owner: _Optional[str] = ..., status: _Optional[_Union[ProcessStatus, _Mapping]] = ..., created: _Optional[int] = ..., started: _Optional[int] = ..., ended: _Optional[int] = ..., usage: _Optional[_Union[Usage, _Mapping]] = ..., written: _Optional[_Iterable[_Union[Written, _Mapping]]] = ..., in_force: _Optional[_Union[Conditions, _Mapping]] = ...) -> None: ...

class Conditions(_message.Message):
    __slots__ = ("directory", "umask", "nice", "limits", "user_number", "user", "group_number", "group", "variables", "stop_signal", "stop_grace", "log_limit", "log_policy")
    DIRECTORY_FIELD_NUMBER: _ClassVar[int]
    UMASK_FIELD_NUMBER: _ClassVar[int]
    NICE_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    USER_NUMBER_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    GROUP_NUMBER_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    STOP_SIGNAL_FIELD_NUMBER: _ClassVar[int]
    STOP_GRACE_FIELD_NUMBER: _ClassVar[int]
    LOG_LIMIT_FIELD_NUMBER: _ClassVar[int]
    LOG_POLICY_FIELD_NUMBER: _ClassVar[int]
    directory: str
    umask: int
    nice: int
    limits: _containers.RepeatedCompositeFieldContainer[ResourceLimit]
    user_number: int
    user: str
    group_number: int
    group: str
    variables: _containers.RepeatedScalarFieldContainer[str]
    stop_signal: int
    stop_grace: _duration_pb2.Duration
    log_limit: int
    log_policy: str
    def __init__(self, directory: _Optional[str] = ..., umask: _Optional[int] = ..., nice: _Optional[int] = ..., limits: _Optional[_Iterable[_Union[ResourceLimit, _Mapping]]] = ..., user_number: _Optional[int] = ..., user: _Optional[str] = ..., group_number: _Optional[int] = ..., group: _Optional[str] = ..., variables: _Optional[_Iterable[str]] = ..., stop_signal: _Optional[int] = ..., stop_grace: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., log_limit: _Optional[int] = ..., log_policy: _Optional[str] = ...) -> None: ...

class Written(_message.Message):
    __slots__ = ("source", "bytes")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    source: Source
    bytes: int
    def __init__(self, source: _Optional[_Union[Source, str]] = ..., bytes: _Optional[int] = ...) -> None: ...

class Usage(_message.Message):
    __slots__ = ("user", "system", "peak_memory", "peak_is_bound")
    USER_FIELD_NUMBER: _ClassVar[int]
    SYSTEM_FIELD_NUMBER: _ClassVar[int]
    PEAK_MEMORY_FIELD_NUMBER: _ClassVar[int]
    PEAK_IS_BOUND_FIELD_NUMBER: _ClassVar[int]
    user: int
    system: int
    peak_memory: int
    peak_is_bound: bool
    def __init__(self, user: _Optional[int] = ..., system: _Optional[int] = ..., peak_memory: _Optional[int] = ..., peak_is_bound: bool = ...) -> None: ...

class ListRequest(_message.Message):
    __slots__ = ("states", "owner", "started_after", "started_before", "id_prefix", "page_size", "page_token", "labels", "label_names", "name")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    STATES_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    STARTED_AFTER_FIELD_NUMBER: _ClassVar[int]
    STARTED_BEFORE_FIELD_NUMBER: _ClassVar[int]
    ID_PREFIX_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    LABEL_NAMES_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    states: _containers.RepeatedScalarFieldContainer[ProcessState]
    owner: str
    started_after: int
    started_before: int
    id_prefix: str
    page_size: int
    page_token: str
    labels: _containers.ScalarMap[str, str]
    label_names: _containers.RepeatedScalarFieldContainer[str]
    name: str
    def __init__(self, states: _Optional[_Iterable[_Union[ProcessState, str]]] = ..., owner: _Optional[str] = ..., started_after: _Optional[int] = ..., started_before: _Optional[int] = ..., id_prefix: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., label_names: _Optional[_Iterable[str]] = ..., name: _Optional[str] = ...) -> None: ...

class JobList(_message.Message):
    __slots__ = ("jobs", "next_page_token")
    JOBS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    jobs: _containers.RepeatedCompositeFieldContainer[JobStatus]
    next_page_token: str
    def __init__(self, jobs: _Optional[_Iterable[_Union[JobStatus, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class WatchRequest(_message.Message):
    __slots__ = ("jobs", "resume_token", "changes_only")
    JOBS_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    CHANGES_ONLY_FIELD_NUMBER: _ClassVar[int]
    jobs: ListRequest
    resume_token: str
    changes_only: bool
    def __init__(self, jobs: _Optional[_Union[ListRequest, _Mapping]] = ..., resume_token: _Optional[str] = ..., changes_only: bool = ...) -> None: ...

class WatchReply(_message.Message):
    __slots__ = ("resume_token", "present", "current", "change", "heartbeat")
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PRESENT_FIELD_NUMBER: _ClassVar[int]
    CURRENT_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    resume_token: str
    present: JobStatus
    current: Current
    change: Change
    heartbeat: Heartbeat
    def __init__(self, resume_token: _Optional[str] = ..., present: _Optional[_Union[JobStatus, _Mapping]] = ..., current: _Optional[_Union[Current, _Mapping]] = ..., change: _Optional[_Union[Change, _Mapping]] = ..., heartbeat: _Optional[_Union[Heartbeat, _Mapping]] = ...) -> None: ...

class Current(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Change(_message.Message):
    __slots__ = ("revision", "kind", "time", "status")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        CHANGE_UNSPECIFIED: _ClassVar[Change.Kind]
        STARTED: _ClassVar[Change.Kind]
        CHANGED: _ClassVar[Change.Kind]
        ENDED: _ClassVar[Change.Kind]
        DELETED: _ClassVar[Change.Kind]
    CHANGE_UNSPECIFIED: Change.Kind
    STARTED: Change.Kind
    CHANGED: Change.Kind
    ENDED: Change.Kind
    DELETED: Change.Kind
    REVISION_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    revision: int
    kind: Change.Kind
    time: int
    status: JobStatus
    def __init__(self, revision: _Optional[int] = ..., kind: _Optional[_Union[Change.Kind, str]] = ..., time: _Optional[int] = ..., status: _Optional[_Union[JobStatus, _Mapping]] = ...) -> None: ...

class SignalRequest(_message.Message):
    __slots__ = ("job", "signal")
    JOB_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_FIELD_NUMBER: _ClassVar[int]
    job: Job
    signal: int
    def __init__(self, job: _Optional[_Union[Job, _Mapping]] = ..., signal: _Optional[int] = ...) -> None: ...

class InfoRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ServerInfo(_message.Message):
    __slots__ = ("version", "supervisor_version", "supervisor_problem", "time", "limits", "guarantees")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SUPERVISOR_VERSION_FIELD_NUMBER: _ClassVar[int]
    SUPERVISOR_PROBLEM_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    GUARANTEES_FIELD_NUMBER: _ClassVar[int]
    version: str
    supervisor_version: str
    supervisor_problem: str
    time: int
    limits: _containers.RepeatedCompositeFieldContainer[Limit]
    guarantees: _containers.RepeatedCompositeFieldContainer[Guarantee]
    def __init__(self, version: _Optional[str] = ..., supervisor_version: _Optional[str] = ..., supervisor_problem: _Optional[str] = ..., time: _Optional[int] = ..., limits: _Optional[_Iterable[_Union[Limit, _Mapping]]] = ..., guarantees: _Optional[_Iterable[_Union[Guarantee, _Mapping]]] = ...) -> None: ...

class Limit(_message.Message):
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: int
    def __init__(self, name: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...

class Guarantee(_message.Message):
    __slots__ = ("name", "holds", "reason")
    NAME_FIELD_NUMBER: _ClassVar[int]
    HOLDS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    name: str
    holds: bool
    reason: str
    def __init__(self, name: _Optional[str] = ..., holds: bool = ..., reason: _Optional[str] = ...) -> None: ...

class Offset(_message.Message):
    __slots__ = ("source", "offset", "digest_from")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FROM_FIELD_NUMBER: _ClassVar[int]
    source: Source
    offset: int
    digest_from: int
    def __init__(self, source: _Optional[_Union[Source, str]] = ..., offset: _Optional[int] = ..., digest_from: _Optional[int] = ...) -> None: ...

class Offsets(_message.Message):
    __slots__ = ("offsets",)
    OFFSETS_FIELD_NUMBER: _ClassVar[int]
    offsets: _containers.RepeatedCompositeFieldContainer[Offset]
    def __init__(self, offsets: _Optional[_Iterable[_Union[Offset, _Mapping]]] = ...) -> None: ...

class ReadRequest(_message.Message):
    __slots__ = ("job", "sources", "offsets", "line", "last", "follow")
    JOB_FIELD_NUMBER: _ClassVar[int]
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    OFFSETS_FIELD_NUMBER: _ClassVar[int]
    LINE_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_FIELD_NUMBER: _ClassVar[int]
    job: Job
    sources: _containers.RepeatedScalarFieldContainer[Source]
    offsets: Offsets
    line: int
    last: int
    follow: bool
    def __init__(self, job: _Optional[_Union[Job, _Mapping]] = ..., sources: _Optional[_Iterable[_Union[Source, str]]] = ..., offsets: _Optional[_Union[Offsets, _Mapping]] = ..., line: _Optional[int] = ..., last: _Optional[int] = ..., follow: bool = ...) -> None: ...

class ReadReply(_message.Message):
    __slots__ = ("begin", "chunk", "heartbeat", "end", "gap")
    BEGIN_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    GAP_FIELD_NUMBER: _ClassVar[int]
    begin: Begin
    chunk: Chunk
    heartbeat: Heartbeat
    end: End
    gap: Gap
    def __init__(self, begin: _Optional[_Union[Begin, _Mapping]] = ..., chunk: _Optional[_Union[Chunk, _Mapping]] = ..., heartbeat: _Optional[_Union[Heartbeat, _Mapping]] = ..., end: _Optional[_Union[End, _Mapping]] = ..., gap: _Optional[_Union[Gap, _Mapping]] = ...) -> None: ...

class Begin(_message.Message):
    __slots__ = ("offsets",)
    OFFSETS_FIELD_NUMBER: _ClassVar[int]
    offsets: _containers.RepeatedCompositeFieldContainer[Offset]
    def __init__(self, offsets: _Optional[_Iterable[_Union[Offset, _Mapping]]] = ...) -> None: ...

class Chunk(_message.Message):
    __slots__ = ("source", "offset", "time", "data")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    source: Source
    offset: int
    time: int
    data: bytes
    def __init__(self, source: _Optional[_Union[Source, str]] = ..., offset: _Optional[int] = ..., time: _Optional[int] = ..., data: _Optional[bytes] = ...) -> None: ...

class Gap(_message.Message):
    __slots__ = ("source", "offset", "length", "reason")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    LENGTH_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    source: Source
    offset: int
    length: int
    reason: str
    def __init__(self, source: _Optional[_Union[Source, str]] = ..., offset: _Optional[int] = ..., length: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class Heartbeat(_message.Message):
    __slots__ = ("time",)
    TIME_FIELD_NUMBER: _ClassVar[int]
    time: int
    def __init__(self, time: _Optional[int] = ...) -> None: ...

class Total(_message.Message):
    __slots__ = ("source", "bytes", "digest_from", "digest")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FROM_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    source: Source
    bytes: int
    digest_from: int
    digest: bytes
    def __init__(self, source: _Optional[_Union[Source, str]] = ..., bytes: _Optional[int] = ..., digest_from: _Optional[int] = ..., digest: _Optional[bytes] = ...) -> None: ...

class End(_message.Message):
    __slots__ = ("status", "totals")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    TOTALS_FIELD_NUMBER: _ClassVar[int]
    status: JobStatus
    totals: _containers.RepeatedCompositeFieldContainer[Total]
    def __init__(self, status: _Optional[_Union[JobStatus, _Mapping]] = ..., totals: _Optional[_Iterable[_Union[Total, _Mapping]]] = ...) -> None: ...
