"""
The direction of imports, as docs/design.rst draws it.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

ROOT = Path(__file__).parent.parent

#: The layers, lowest first.  A module imports from below and from its own
#: package, never from another one beside it.
LAYERS = (
    {"errors", "crashing"},
    {"specification", "milestones", "sparing", "prompt", "metering"},
    {"bounds", "conditions"},
    {"jobs", "packing"},
    {"life", "portions", "description", "recollection"},
    {"queries", "changes"},
    {"interfaces"},
    {"api"},
    {"store", "logs", "access", "tls"},
    {"roster", "hosting"},
    {"rpc", "door", "launchers", "link", "client", "metrics", "audit"},
    {"daemon", "twistedclient"},
    {"tap", "supervisortap", "cli"},
)

#: What the picture leaves out of the lowest layers: no words of the project.
TOOLS = {"crashing", "milestones", "sparing", "prompt", "metering", "recollection"}

#: Who may import what is not ours and not of the standard library.  The
#: longest name that fits decides; what fits none is forbidden.
OWNERS: Mapping[str, frozenset[str]] = {
    name: frozenset(owners.split())
    for name, owners in {
        "attrs": "*",
        "zope": "interfaces store logs tls roster hosting rpc door launchers link "
        "metrics audit daemon tap supervisortap",
        "twisted": "prompt store logs tls roster hosting rpc door launchers link "
        "metrics audit daemon twistedclient tap supervisortap",
        "twisted.internet.defer": "interfaces milestones store logs tls roster "
        "hosting rpc door launchers link metrics audit daemon twistedclient "
        "tap supervisortap",
        "twisted.internet.reactor": "tap supervisortap",
        "twisted.enterprise": "store",
        "sqlite3": "store",
        "jwt": "access",
        "yaml": "access",
        "cryptography": "access tls",
        "OpenSSL": "tls",
        "grpc": "rpc client",
        "grpc_status": "rpc client",
        "grpc_health": "rpc",
        "grpc_reflection": "rpc",
        "google": "rpc client link",
        "uvloop": "rpc",
        "click": "cli",
        "prometheus_client": "metrics",
        "tomllib": "client",
        "tomli": "client",
        "tomlkit": "cli",
    }.items()
}

#: Modules that know nothing but values.
PURE = {
    "jobworker.errors",
    "jobworker.jobs",
    "jobworker.life",
    "jobworker.portions",
    "jobworker.queries",
    "jobworker.changes",
    "jobworker.specification",
    "jobworker.bounds",
    "jobworker.packing",
    "jobworker.conditions",
    "jobworker.description",
    "jobworker.access.identity",
    "jobworker.access.policy",
    "jobworker.access.claims",
}

#: What the command line needs nothing of.
SERVER = {
    "store",
    "logs",
    "roster",
    "hosting",
    "rpc",
    "door",
    "launchers",
    "link",
    "metrics",
    "audit",
    "daemon",
    "twistedclient",
    "tap",
    "supervisortap",
}


def drawn() -> list[set[str]]:
    """
    Read the layers off the picture in docs/design.rst, lowest first.
    """
    page = (ROOT / "docs/design.rst").read_text("utf-8")
    picture = page.partition("tests/test_layers.py")[2].split("\n\n")[2]
    floors, _, words = picture.partition("   interfaces →")
    layers = [set(re.split(" {2,}", each.strip())[:-1]) for each in floors.splitlines()]
    language, _, _ = f"interfaces →{words}".rpartition("    ")
    layers += [set(re.findall("[a-z]+", each)) for each in language.split("→")]
    return layers[::-1]


def names(source: str, package: str) -> Iterator[str]:
    """
    Find everything that a module imports, wherever in it, by absolute names.

    What is imported from a module may be a module itself, so that the longer
    name is given.

    @param package: The package that relative imports begin at.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")
                parents = parents[: len(parents) - node.level + 1]
                base = ".".join([*parents, base]).rstrip(".")
            yield from (f"{base}.{alias.name}" for alias in node.names)


def sources() -> dict[str, Path]:
    """
    Find our modules, but for what is generated.
    """
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(
            ".__init__"
        ): path
        for path in (ROOT / "jobworker").rglob("*.py")
        if "_pb2" not in path.name
    }


@cache
def imports() -> Mapping[str, set[str]]:
    """
    Find what each of our modules imports.
    """
    found = {}
    for module, path in sources().items():
        package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        found[module] = set(names(path.read_text("utf-8"), package))
    return found


def area(module: str) -> str:
    """
    Say to which part of the picture a module of ours belongs.
    """
    return ([*module.split("."), ""])[1]


def fits(name: str, prefix: str) -> bool:
    """
    Say whether a name is another or lies within it.
    """
    return name == prefix or name.startswith(prefix + ".")


class NamesTests(SynchronousTestCase):
    """
    Imports are found in all their forms.
    """

    def test_forms(self) -> None:
        """
        Every way to import gives absolute names.
        """
        rows = {
            "import a.b, c as d": ["a.b", "c"],
            "from a.b import c, d as e": ["a.b.c", "a.b.d"],
            "from . import x": ["jobworker.rpc.x"],
            "from .x import y": ["jobworker.rpc.x.y"],
            "from .. import x": ["jobworker.x"],
            "from ..x import y": ["jobworker.x.y"],
            "def f():\n    import a": ["a"],
            "if TYPE_CHECKING:\n    from ..x import Y": ["jobworker.x.Y"],
        }
        for source, expected in rows.items():
            self.assertEqual([*names(source, "jobworker.rpc")], expected, source)


class LayerTests(SynchronousTestCase):
    """
    Imports go down, and what is foreign has an owner.
    """

    def setUp(self) -> None:
        """
        Read all modules.
        """
        self.modules = sources()
        self.imports = imports()

    def ours(self, name: str) -> str | None:
        """
        Find the module of ours that an import loads.
        """
        if not fits(name, "jobworker"):
            return None
        while name not in self.modules and name != "jobworker":
            if area(name) == "api":
                return "jobworker.api"
            name = name.rpartition(".")[0]
        return name

    def graph(self) -> dict[str, set[str]]:
        """
        Make the graph of our modules: which imports which.
        """
        return {
            module: {
                target
                for name in imports
                if (target := self.ours(name)) not in (None, module)
                and target is not None
            }
            for module, imports in self.imports.items()
        }

    def foreign(self) -> Iterator[tuple[str, str]]:
        """
        Find what is imported that is not ours and not of the standard
        library, but for what of that has an owner too.
        """
        for module, imports in self.imports.items():
            for name in imports:
                root = name.partition(".")[0]
                if root == "jobworker":
                    continue
                if root not in sys.stdlib_module_names or root in OWNERS:
                    yield module, name

    def test_found(self) -> None:
        """
        There is something to look at.
        """
        self.assertLessEqual(PURE, set(self.modules))
        self.assertIn("jobworker.errors", self.graph()["jobworker.life"])

    def test_drawn(self) -> None:
        """
        The picture in the documentation shows these layers.
        """
        self.assertEqual(drawn(), [layer - TOOLS for layer in LAYERS])

    def test_everyModuleHasALayer(self) -> None:
        """
        For each module it is decided where it belongs.
        """
        known = {"", *set().union(*LAYERS)}
        self.assertEqual({area(module) for module in self.modules} - known, set())

    def test_down(self) -> None:
        """
        Nothing is imported from above or from the side.
        """
        ranks = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}
        wrong = [
            f"{module} imports {target}"
            for module, targets in self.graph().items()
            for target in targets
            if area(target)
            and area(module) != area(target)
            and ranks[area(target)] >= ranks.get(area(module), 0)
        ]
        self.assertEqual(wrong, [])

    def test_noCycle(self) -> None:
        """
        No module imports itself in the end, not even for its types.
        """
        try:
            TopologicalSorter(self.graph()).prepare()
        except CycleError as error:
            self.fail(" imports ".join(error.args[1]))

    def test_owners(self) -> None:
        """
        What is foreign is imported by its owner alone.
        """
        wrong = []
        for module, name in self.foreign():
            owner = max(
                (each for each in OWNERS if fits(name, each)), key=len, default=""
            )
            if not OWNERS.get(owner, frozenset()) & {"*", area(module)}:
                wrong.append(f"{module} imports {name}")
        self.assertEqual(wrong, [])

    def test_pure(self) -> None:
        """
        Values know the standard library and attrs, and of ours only values.
        """
        for module in PURE:
            self.assertLessEqual(self.graph()[module], PURE, module)
        wrong = [
            f"{module} imports {name}"
            for module, name in self.foreign()
            if module in PURE and not fits(name, "attrs")
        ]
        self.assertEqual(wrong, [])

    def test_oneSpawns(self) -> None:
        """
        Processes are spawned in one module of C{hosting}.
        """
        spawning = [
            module
            for module, path in self.modules.items()
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Attribute) and node.attr == "spawnProcess"
        ]
        self.assertLessEqual(len(set(spawning)), 1)
        self.assertLessEqual({area(module) for module in spawning}, {"hosting"})

    def test_commandLine(self) -> None:
        """
        Whatever the client and the command line import, and that imports in
        turn, there is nothing of Twisted and nothing of the server in it.
        """
        graph = self.graph()
        found = {module for module in self.modules if area(module) in ("client", "cli")}
        waiting = list(found)
        while waiting:
            for target in graph.get(waiting.pop(), set()) - found:
                found.add(target)
                waiting.append(target)
        self.assertEqual({area(module) for module in found} & SERVER, set())
        wrong = [
            f"{module} imports {name}"
            for module, name in self.foreign()
            if module in found and name.partition(".")[0] in ("twisted", "zope")
        ]
        self.assertEqual(wrong, [])

    def test_noTests(self) -> None:
        """
        What is delivered imports no tests.
        """
        wrong = [
            module
            for module, imports in self.imports.items()
            if any(fits(name, "tests") for name in imports)
        ]
        self.assertEqual(wrong, [])
