"""
What a supervisor says about itself as messages, and back.
"""

from __future__ import annotations

from ..api import supervisor_pb2 as pb
from ..description import Description, Guarantee, Limit, Tally
from .conversion import decode, encode


def convertDescription(description: Description) -> pb.Description:
    """
    Make a message of a description.
    """
    return pb.Description(
        package=encode(description.package),
        limits=[
            pb.Limit(name=encode(limit.name), value=limit.value)
            for limit in description.limits
        ],
        guarantees=[
            pb.Guarantee(
                name=encode(guarantee.name),
                holds=guarantee.holds,
                reason=encode(guarantee.reason),
            )
            for guarantee in description.guarantees
        ],
    )


def unconvertDescription(message: pb.Description) -> Description:
    """
    Make a description of a message.
    """
    return Description(
        decode(message.package),
        tuple(Limit(decode(limit.name), limit.value) for limit in message.limits),
        tuple(
            Guarantee(decode(each.name), each.holds, decode(each.reason))
            for each in message.guarantees
        ),
    )


def convertTally(tally: Tally) -> pb.Tally:
    """
    Make a message of what was counted.
    """
    return pb.Tally(
        started=tally.started,
        ended=[pb.Count(name=encode(name), value=value) for name, value in tally.ended],
        log_bytes=tally.logBytes,
        running=tally.running,
        draining=tally.draining,
        kept=tally.kept,
        spool_bytes=tally.spoolBytes,
    )


def unconvertTally(message: pb.Tally) -> Tally:
    """
    Make of a message what was counted.
    """
    return Tally(
        message.started,
        tuple((decode(each.name), each.value) for each in message.ended),
        message.log_bytes,
        message.running,
        message.draining,
        message.kept,
        message.spool_bytes,
    )
