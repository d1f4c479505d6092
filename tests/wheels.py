"""
The package as it is built and installed.

Nothing is fetched: what the package needs is found where it is installed for
these tests.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.daemons import PATIENCE, ROOT

#: What there is in a checkout that is made there.
_MADE: Final = shutil.ignore_patterns(
    ".git",
    ".*_cache",
    ".hypothesis",
    ".venv*",
    "*.egg-info",
    "__pycache__",
    "_build",
    "_trial_temp*",
    "build",
    "dist",
    "dropin.cache",
    "local",
)


def _run(
    arguments: Sequence[str | os.PathLike[str]],
    folder: Path,
    environment: Mapping[str, str] | None = None,
) -> bytes:
    """
    Run a command, and show what it said if it fails.
    """
    done = subprocess.run(
        arguments,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=2 * PATIENCE,
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"{arguments}: {(done.stdout + done.stderr).decode()}")
    return done.stdout


def copySource(folder: Path) -> None:
    """
    Copy this checkout, without what was made in it.
    """
    shutil.copytree(ROOT, folder, ignore=_MADE)


def unpackPredecessor(folder: Path) -> bool:
    """
    Unpack the commit before this one.

    @return: Whether it is known here; it is not in an unpacked archive or a
        clone without history.
    """
    try:
        archive = _run(["git", "archive", "HEAD~1"], ROOT)
    except (AssertionError, FileNotFoundError):
        return False
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
        packed.extractall(folder)
    return True


def change(file: Path, old: str, new: str) -> None:
    """
    Change what stands once in a file.
    """
    text = file.read_text()
    assert text.count(old) == 1, f"{old!r} is not once in {file}"
    file.write_text(text.replace(old, new))


def build(source: Path, folder: Path, kind: str) -> Path:
    """
    Build the package.

    @param kind: C{wheel} or C{sdist}.

    @return: The file that was built.
    """
    folder.mkdir(exist_ok=True)
    # What a front end would have the build back end do.
    program = (
        "import sys; from setuptools.build_meta import *; "
        f"print(build_{kind}(sys.argv[1]))"
    )
    said = _run([sys.executable, "-c", program, folder], source)
    return folder / said.decode().splitlines()[-1]


def unpack(archive: Path, folder: Path) -> Path:
    """
    Unpack an archive of sources.

    @return: The directory that was in it.
    """
    with tarfile.open(archive) as packed:
        packed.extractall(folder)
    (source,) = folder.iterdir()
    return source


def install(wheel: Path, folder: Path) -> Path:
    """
    Install a wheel in a virtual environment of its own, beside what it needs.

    @return: The directory with its programs.
    """
    venv.create(folder, symlinks=True)
    programs = folder / "bin"
    for other in (folder / "lib").glob("python*/site-packages"):
        needed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
        (other / "needed.pth").write_text("".join(f"{path}\n" for path in needed))
    pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    kinds = ("--no-index", "--no-deps", "--ignore-installed")
    _run([programs / "python", *pip, *kinds, wheel], folder, bareEnvironment())
    return programs


def bareEnvironment() -> dict[str, str]:
    """
    Make an environment in which nothing of this checkout is found.
    """
    hidden = ("JOBWORKER_", "PYTHON", "PIP_", "VIRTUAL_ENV")
    return {k: v for k, v in os.environ.items() if not k.startswith(hidden)}
