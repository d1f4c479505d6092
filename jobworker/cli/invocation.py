"""
How this program was called.
"""

from __future__ import annotations

from collections.abc import Mapping

import click


def programName() -> str:
    """
    Get the name that it was called by.
    """
    return click.get_current_context().find_root().info_name or "jobworker"


def environment() -> Mapping[str, str]:
    """
    Get the environment that it was called with; outside of a command that is
    nothing.
    """
    context = click.get_current_context(silent=True)
    # The object of the first context is the environment.
    found: Mapping[str, str] | None = (
        None if context is None else context.find_root().obj
    )
    return found or {}
