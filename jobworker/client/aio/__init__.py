"""
The same client for asyncio.
"""

from __future__ import annotations

from .client import AsyncClient as Client
from .job import AsyncJob as Job

__all__ = ("Client", "Job")
