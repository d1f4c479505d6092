"""
The command that finds out why others do not work.
"""

from __future__ import annotations

import sys
import time
from itertools import chain

import click

from .exits import Exit
from .options import Said, withWords
from .parameters import jsonOption
from .screen import columnsOf


@click.command()
@jsonOption(" for each check")
@withWords
def doctor(heard: Said, wantsJSON: bool) -> int:
    """
    Find out what is wrong, and what to do about it.

    Looks at contexts, certificate, key, token and clock, and then takes the way to
    the server step by step.  Each line says whether something is ok, worth a
    note or a warning, or wrong.  Ends with 0 if nothing is wrong, and otherwise
    with the code that is meant for the first thing that is.
    """
    from .findings import Verdict
    from .papers import Papers
    from .reaching import Way

    columns = columnsOf(sys.stdout)
    papers = Papers(heard, time.time())
    code = Exit.OK
    for finding in chain(papers.examine(), Way(papers).walk()):
        click.echo(finding.asJSON() if wantsJSON else finding.asText(columns))
        if finding.verdict is Verdict.WRONG and code is Exit.OK:
            code = finding.code
    return code
