"""
Everything that a reader of logs needs.
"""

from .chunks import Chunk, ChunkCursor
from .files import LogFiles
from .library import Library
from .lines import Line, LineCursor, LineGap
from .numbering import MAX_LINE
from .seeking import offsetsOfLast, offsetsOfLine
from .walking import Gap, Offsets

__all__ = [
    "MAX_LINE",
    "Chunk",
    "ChunkCursor",
    "Gap",
    "Library",
    "Line",
    "LineCursor",
    "LineGap",
    "LogFiles",
    "Offsets",
    "offsetsOfLast",
    "offsetsOfLine",
]
