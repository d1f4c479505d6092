"""
What a supervisor says about itself as a message, and back.
"""

from __future__ import annotations

from ..api import supervisor_pb2 as pb
from ..description import Description, Guarantee, Limit
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
