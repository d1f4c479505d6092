"""
The wire of the original job worker, written down from its contract alone:
nothing here comes from C{proto/} or from code that was generated of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_Field = descriptor_pb2.FieldDescriptorProto

#: Messages: fields by number, as name and type; a list has the type in brackets.
MESSAGES: Final[Mapping[str, Mapping[int, tuple[str, str]]]] = {
    "Command": {1: ("cmd", "string"), 2: ("args", "[string]")},
    "Job": {1: ("id", "string")},
    "StopRequest": {1: ("job", "Job"), 2: ("force", "bool")},
    "StreamRequest": {1: ("job", "Job"), 2: ("startPoint", "int32")},
    "Log": {1: ("nbSequence", "int32"), 2: ("entry", "string")},
    "JobStatus": {
        1: ("job", "Job"),
        2: ("command", "Command"),
        3: ("owner", "string"),
        4: ("status", "ProcessStatus"),
    },
    "ProcessStatus": {
        1: ("pid", "int32"),
        2: ("state", "ProcessState"),
        3: ("exitCode", "int32"),
    },
}

STATES: Final = {"RUNNING": 0, "STOPPED": 1, "EXITED": 2}

#: RPCs: request, response, and whether the response is a stream.
METHODS: Final = {
    "StartJob": ("Command", "Job", False),
    "StopJob": ("StopRequest", "JobStatus", False),
    "QueryJob": ("Job", "JobStatus", False),
    "StreamLog": ("StreamRequest", "Log", True),
}

_TYPES: Final = {
    "string": _Field.TYPE_STRING,
    "bool": _Field.TYPE_BOOL,
    "int32": _Field.TYPE_INT32,
}


def _addField(message: Any, number: int, name: str, kind: str) -> None:
    """
    Describe a field.
    """
    repeated = kind.startswith("[")
    kind = kind.strip("[]")
    field = message.field.add(name=name, number=number)
    field.label = _Field.LABEL_REPEATED if repeated else _Field.LABEL_OPTIONAL
    if kind in _TYPES:
        field.type = _TYPES[kind]
    else:
        enum = kind == "ProcessState"
        field.type = _Field.TYPE_ENUM if enum else _Field.TYPE_MESSAGE
        field.type_name = f".proto.{kind}"


def _makeClasses() -> dict[str, Any]:
    """
    Make a class for each message, in a pool of their own.
    """
    file = descriptor_pb2.FileDescriptorProto(
        name="original.proto", package="proto", syntax="proto3"
    )
    enum = file.enum_type.add(name="ProcessState")
    for name, number in STATES.items():
        enum.value.add(name=name, number=number)
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, (field, kind) in fields.items():
            _addField(message, number, field, kind)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(
            pool.FindMessageTypeByName(f"proto.{name}")
        )
        for name in MESSAGES
    }


CLASSES: Final = _makeClasses()


class OldClient:
    """
    Bare stubs over a channel.

    @ivar metadata: Goes with every call.
    """

    def __init__(self, channel: grpc.Channel, token: str | None) -> None:
        self.metadata = () if token is None else (("token", token),)
        self._calls = {}
        for method, (request, response, streams) in METHODS.items():
            make = channel.unary_stream if streams else channel.unary_unary
            self._calls[method] = make(
                f"/proto.WorkerService/{method}",
                CLASSES[request].SerializeToString,
                CLASSES[response].FromString,
            )

    def call(self, method: str, request: Any, timeout: float = 30) -> Any:
        """
        Make a call: a message, or all messages of a stream.
        """
        answer = self._calls[method](request, timeout=timeout, metadata=self.metadata)
        return list(answer) if METHODS[method][2] else answer

    def open(self, method: str, request: Any, timeout: float = 30) -> Any:
        """
        Begin to read a stream.
        """
        return self._calls[method](request, timeout=timeout, metadata=self.metadata)

    def start(self, cmd: str, *args: str) -> Any:
        """
        Start a job.
        """
        return self.call("StartJob", CLASSES["Command"](cmd=cmd, args=args))

    def stop(self, job: Any, force: bool = False) -> Any:
        """
        Stop a job.
        """
        return self.call("StopJob", CLASSES["StopRequest"](job=job, force=force))

    def query(self, job: Any) -> Any:
        """
        Query a job.
        """
        return self.call("QueryJob", job)

    def stream(self, job: Any, startPoint: int = 0) -> Any:
        """
        Read a log to its end.
        """
        request = CLASSES["StreamRequest"](job=job, startPoint=startPoint)
        return self.call("StreamLog", request)
