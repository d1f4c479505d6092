"""
Everything that a reader of logs needs.
"""

from .chunks import CHUNK, Chunk, ChunkCursor
from .files import LogFiles
from .library import Library
from .lines import MAX_LINE, Line, LineCursor, offsetsOfLast, offsetsOfLine
from .walking import Offsets

__all__ = [
    "CHUNK",
    "MAX_LINE",
    "Chunk",
    "ChunkCursor",
    "Library",
    "Line",
    "LineCursor",
    "LogFiles",
    "Offsets",
    "offsetsOfLast",
    "offsetsOfLine",
]
