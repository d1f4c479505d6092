"""
How this program was called, and what it says under that name.
"""

from __future__ import annotations

from collections.abc import Mapping

import click

from .rendering import plain


def programName() -> str:
    """
    Get the name that it was called by.
    """
    return click.get_current_context().find_root().info_name or "jobworker"


def remark(text: str) -> None:
    """
    Write a line of ours to standard error.
    """
    click.echo(f"{programName()}: {plain(text)}", err=True)


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
