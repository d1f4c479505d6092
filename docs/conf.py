"""
How Sphinx makes the documentation.

Nothing is fetched, and some pages are made of what the program itself says:
their text is written by L{docs.making} when they are read.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent.parent))

from docs.making import news, programs, protocol
from jobworker import __version__

project = "jobworker"
copyright = "the authors of jobworker"
version = release = __version__

html_theme = "alabaster"
html_theme_options = {
    "description": "Linux processes for remote callers",
    "fixed_sidebar": True,
    "page_width": "1040px",
}
html_sidebars = {"**": ["about.html", "searchfield.html", "navigation.html"]}
html_show_copyright = False
highlight_language = "text"
exclude_patterns = ["_build"]

#: The pages that are made, and what writes the rest of them.
MADE = {
    "api": protocol.reference,
    "changes": news.reference,
    "help": programs.reference,
}


def complete(_: Sphinx, page: str, text: list[str]) -> None:
    """
    Write the part of a page that is made.
    """
    if page in MADE:
        text[0] += "\n" + MADE[page]()


def setup(app: Sphinx) -> None:
    """
    Let Sphinx ask us for every page that it reads.
    """
    app.connect("source-read", complete)
