"""
Records as rows of the table, and back.

Text goes to and from the database as bytes: a Python string may hold lone
surrogates (the bytes of an argument that are not UTF-8), which SQLite's text
can hold and C{sqlite3} refuses.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from ..conditions import Conditions
from ..jobs import (
    Cause,
    Command,
    Ending,
    Manner,
    Phase,
    ProcessIdentity,
    Record,
    Status,
    Stop,
    Usage,
    Written,
)
from ..packing import pack, packConditions, unpack, unpackConditions

#: A row by the names of its columns.
Row: TypeAlias = Mapping[str, Any]

#: The columns that hold text of any kind.
TEXTS: Final = frozenset(
    {
        "id",
        "owner",
        "program",
        "arguments",
        "specification",
        "start_key",
        "process_boot",
        "stop_by",
        "stop_reason",
        "reason",
        "conditions",
    }
)

#: The columns that stay as they were when the job started.
FIXED: Final = (
    "id",
    "owner",
    "program",
    "arguments",
    "pid",
    "process_start",
    "process_boot",
    "started",
    "specification",
    "start_key",
    "created",
    "conditions",
)

#: Those that what happens to a job changes.
CHANGING: Final = (
    "phase",
    "stop_by",
    "stop_signal",
    "stop_grace",
    "stop_at",
    "stop_cause",
    "stop_reason",
    "exit_code",
    "exit_signal",
    "cause",
    "ended",
    "reason",
    "user_time",
    "system_time",
    "peak_memory",
    "peak_bound",
    "stdout_bytes",
    "stderr_bytes",
)

#: All columns.
COLUMNS: Final = (*FIXED, *CHANGING)

_toJSON: Final = json.JSONEncoder(ensure_ascii=False).encode


def place(column: str) -> str:
    """
    Write the place in a statement that a column's value goes to.
    """
    return f"CAST(:{column} AS TEXT)" if column in TEXTS else f":{column}"


INSERT: Final = (
    f"INSERT INTO job ({', '.join(COLUMNS)}, revision) "  # noqa: S608 - our own names
    f"VALUES ({', '.join(map(place, COLUMNS))}, :revision)"
)

UPDATE: Final = (
    "UPDATE job SET "  # noqa: S608 - our own names
    + ", ".join(f"{column} = {place(column)}" for column in CHANGING)
    + ", revision = :revision"
    + f" WHERE id = {place('id')}"
)

DELETE: Final = f"DELETE FROM job WHERE id = {place('id')}"  # noqa: S608

SELECT: Final = f"SELECT {', '.join(COLUMNS)} FROM job"  # noqa: S608 - our own names

FIND: Final = f"{SELECT} WHERE id = CAST(? AS TEXT)"

FIND_KEY: Final = (
    f"{SELECT} WHERE owner = CAST(? AS TEXT) AND start_key = CAST(? AS TEXT)"
)

UNENDED: Final = f"{SELECT} WHERE phase != 'ended' ORDER BY started, rowid"

ENDED: Final = "SELECT id, ended FROM job WHERE phase = 'ended' ORDER BY ended, rowid"

IDENTIFIERS: Final = "SELECT id FROM job"


def unconvert(record: Record) -> Row:
    """
    Make a row of a record.
    """
    wanted, found = record.command.specification, record.conditions
    return {
        **unconvertChanges(record),
        "owner": encode(record.owner),
        "program": encode(record.command.program),
        "arguments": encode(_toJSON(record.command.arguments)),
        "pid": record.process.pid,
        "process_start": record.process.start,
        "process_boot": encode(record.process.boot),
        "started": record.started,
        "specification": encode(pack(wanted)),
        "start_key": encode(wanted.key) if wanted.key else None,
        "created": record.created,
        "conditions": None if found is None else encode(packConditions(found)),
    }


def unconvertChanges(record: Record) -> Row:
    """
    Make of a record what can change in its row, and its identifier.

    The status of its ending is that of the record, as
    L{jobworker.life.advance} makes it, and is stored once.
    """
    stop, ending = record.stop, record.ending
    usage, status, written = record.usage, record.status, record.written
    return {
        "id": encode(record.identifier),
        "phase": record.phase.value,
        "stop_by": None if stop is None else encode(stop.by),
        "stop_signal": None if stop is None else stop.manner.signal,
        "stop_grace": None if stop is None else stop.manner.grace,
        "stop_at": None if stop is None else stop.at,
        "stop_cause": None if stop is None else stop.cause.value,
        "stop_reason": None if stop is None else encode(stop.reason),
        "exit_code": None if status is None else status.code,
        "exit_signal": None if status is None else status.signal,
        "cause": None if ending is None else ending.cause.value,
        "ended": None if ending is None else ending.at,
        "reason": None if ending is None else encode(ending.reason),
        "user_time": None if usage is None else usage.user,
        "system_time": None if usage is None else usage.system,
        "peak_memory": None if usage is None else usage.peak,
        "peak_bound": None if usage is None else usage.bound,
        "stdout_bytes": None if written is None else written.stdout,
        "stderr_bytes": None if written is None else written.stderr,
    }


def convert(row: Row) -> Record:
    """
    Make a record of a row.
    """
    status = _status(row)
    return Record(
        identifier=row["id"],
        command=Command(
            row["program"],
            tuple(json.loads(row["arguments"])),
            unpack(row["specification"]),
        ),
        owner=row["owner"],
        process=ProcessIdentity(row["pid"], row["process_start"], row["process_boot"]),
        started=row["started"],
        phase=Phase(row["phase"]),
        stop=_stop(row),
        status=status,
        ending=_ending(row, status),
        usage=_usage(row),
        created=row["created"],
        written=_written(row),
        conditions=_conditions(row),
    )


def encode(text: str) -> bytes:
    """
    Make of a string what SQLite is to hold as text.
    """
    return text.encode("utf-8", "surrogatepass")


def decode(text: bytes) -> str:
    """
    Make a string of what SQLite holds as text.
    """
    return text.decode("utf-8", "surrogatepass")


def _status(row: Row) -> Status | None:
    if row["exit_code"] is None and row["exit_signal"] is None:
        return None
    return Status(row["exit_code"], row["exit_signal"])


def _usage(row: Row) -> Usage | None:
    if row["user_time"] is None or row["system_time"] is None:
        return None
    return Usage(
        row["user_time"],
        row["system_time"],
        row["peak_memory"],
        bool(row["peak_bound"]),
    )


def _written(row: Row) -> Written | None:
    if row["stdout_bytes"] is None or row["stderr_bytes"] is None:
        return None
    return Written(row["stdout_bytes"], row["stderr_bytes"])


def _conditions(row: Row) -> Conditions | None:
    return None if row["conditions"] is None else unpackConditions(row["conditions"])


def _stop(row: Row) -> Stop | None:
    if row["stop_by"] is None:
        return None
    return Stop(
        row["stop_by"],
        Manner(row["stop_signal"], row["stop_grace"]),
        row["stop_at"],
        Cause(row["stop_cause"]),
        row["stop_reason"],
    )


def _ending(row: Row, status: Status | None) -> Ending | None:
    if row["cause"] is None:
        return None
    return Ending(Cause(row["cause"]), status, row["ended"], row["reason"])
