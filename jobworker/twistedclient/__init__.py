"""
The client for Twisted: the same methods, with Deferreds.

It works with any reactor, as what it stands on runs in a thread of its own.
"""

from __future__ import annotations

from .client import TwistedClient
from .job import TwistedJob

__all__ = ("TwistedClient", "TwistedJob")
