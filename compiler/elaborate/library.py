"""The files a model is written in: the one named, what it `use`s, and `specs/std`, which is always there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from ...diagnostics import Diagnostic, Findings, VitError, error
from ...diagnostics.source import Source, Span
from ...grammar import tree
from ...grammar.parser import read
from .bundled import SPECS, STD, near
from .declarations import Declared, declared

Definition = tree.Function | tree.Block | tree.Model

_MAX_FILES = 200
#: Of one text.
MAX_BYTES = 250_000
#: The mark of the byte order, which some editors write at the beginning of a text.
MARK = "\ufeff"


def decoded(data: bytes, shown: str, span: Span | None = None) -> str:
    """Gives the text of a spec out of its bytes, of which no more than one above `MAX_BYTES` has to be read; with the mark of
    the byte order that it may begin with. Raises V0105 and V0106, at `span` where a text names the file."""
    file = shown if span is None else ""
    if len(data) > MAX_BYTES:
        raise error("V0105", f"`{shown}` is larger than {MAX_BYTES:,} bytes: no spec is", span, file=file)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise error("V0106", f"`{shown}` is not a text in UTF-8 (byte {problem.start})", span, file=file) from None


def read_text(path: Path, shown: str, span: Span | None = None) -> str:
    """Reads a spec; raises V0105, V0106, and V1002 or V0210 for a file that is not there or can't be read."""
    if not path.is_file():
        raise error("V0210" if span else "V1002", f"there is no file `{shown}`", span)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as problem:
        message = f"`{shown}` can't be read: {problem.strerror}"
        raise error("V0210", message, span, file="" if span else shown, status=None if span else 3) from None
    return decoded(data, shown, span)


@dataclass(eq=False)
class Module:
    """A parsed file: its definitions by name, its sections, and the modules it uses, in order."""

    path: Path
    file: tree.File
    source: Source
    definitions: dict[str, Definition] = field(default_factory=dict[str, Definition])
    sections: list[tree.Section] = field(default_factory=list[tree.Section])
    uses: list["Module"] = field(default_factory=list["Module"])
    #: Names whose definition here is broken or not the only one.
    hidden: set[str] = field(default_factory=set[str])

    #: Every name that can be seen here, made when first asked for; None for a hidden one.
    _visible: "dict[str, tuple[Module, Definition] | None]" = field(
        default_factory=dict[str, "tuple[Module, Definition] | None"]
    )
    _broken: "list[Module] | None" = None
    _declared: dict[str, Declared] = field(default_factory=dict[str, Declared])

    def declared(self, block: tree.Block) -> Declared:
        """What a block of this file declares."""
        found = self._declared.get(block.name.id)
        if found is None:
            found = self._declared[block.name.id] = declared(block)
        return found

    def find(self, name: str) -> "tuple[Module, Definition] | None":
        """A definition visible here: of this file, else of the files it uses, std last."""
        return self._names().get(name)

    def names(self) -> Iterator[str]:
        """Every name that can be seen here."""
        return iter(self._names())

    def hides(self, name: str) -> bool:
        """Whether a broken definition in the files reached from here may have this name."""
        if name in self._names():
            return self._names()[name] is None
        return any(m.file.lost and (m.file.lost.anything or name in m.file.lost.words) for m in self.broken())

    def defines(self, name: str) -> bool:
        """Whether a name is defined here or in a file used, even by a broken definition."""
        return name in self._names()

    def broken(self) -> "list[Module]":
        """The files reached from here that have syntax errors or a name defined twice."""
        if self._broken is None:
            self._broken = [module for module in self._reached() if module.hidden or module.file.lost]
        return self._broken

    def _names(self) -> "dict[str, tuple[Module, Definition] | None]":
        if not self._visible:
            for module in self._reached():
                for name in module.hidden:
                    self._visible.setdefault(name, None)
                for name, item in module.definitions.items():
                    self._visible.setdefault(name, (module, item))
        return self._visible

    def _reached(self) -> "list[Module]":
        """This file and those it uses, each once, in the order of the text."""
        found: dict[Module, None] = {}
        pending = [self]
        while pending:
            module = pending.pop()
            if module not in found:
                found[module] = None
                pending += module.uses[::-1]
        return sorted(found, key=lambda module: module.path == STD)


@dataclass(eq=False)
class Library:
    """All modules that a file reaches; `main` is the file itself."""

    main: Module
    modules: Mapping[Path, Module]
    #: Mistakes that do not depend on the model, and names that are bound and never used; None until they are looked for.
    read: "tuple[Diagnostic, ...] | None" = None
    unused: "tuple[Diagnostic, ...] | None" = None
    #: The sections that a text may have besides `init`, by those who read them; None carries any.
    sections: tuple[str, ...] | None = None
    #: The syntax errors of the texts.
    broken: tuple[Diagnostic, ...] = ()

    def models(self) -> tuple[str, ...]:
        """The models that the file itself defines, in the order of the text."""
        return tuple(n for n, d in self.main.definitions.items() if isinstance(d, tree.Model))


def load(path: Path, shown: str | None = None, *, broken: bool = False) -> Library:
    """Reads and parses a file and everything it reaches; raises `VitError` with the errors of all of them.

    With `broken` errors in the texts do not raise: the library holds the intact definitions, and the errors in `broken`.
    """
    loader = _Loader(root=path.resolve().parent)
    main = loader.module(path, shown or str(path), None)
    assert main is not None  # without a place in a text, `module` raises
    return loader.library(main, broken)


def loads(text: str, shown: str = "<text>", *, broken: bool = False) -> Library:
    """The same for a text that is in no file."""
    loader = _Loader(root=None)
    main = loader.parsed(Path(shown), shown, text, ())
    return loader.library(main, broken)


def read_bytes(data: bytes, shown: str, folder: Path, *, broken: bool = False) -> Library:
    """The library of a text that came without a file, as from standard input: `use` is relative to `folder`."""
    loader = _Loader(root=folder.resolve())
    main = loader.parsed(folder.resolve() / shown, shown, decoded(data, shown), ())
    return loader.library(main, broken)


@lru_cache(maxsize=64)
def _bundled(name: str, text: str) -> tuple[tree.File, tuple[Diagnostic, ...]]:
    """The tree of a bundled file: parsed once in a process, as every spec reaches `std`, and trees are never changed."""
    return read(Source(name, text))


class _Loader:
    def __init__(self, root: Path | None) -> None:
        self.root, self.findings = root, Findings()
        self.modules: dict[Path, Module] = {}

    def library(self, main: Module, broken: bool) -> Library:
        """The library of what was read; raises what is wrong with it unless `broken`."""
        if not broken:
            self.findings.raise_if_any()
        return Library(main, self.modules, broken=tuple(self.findings.items))

    def module(self, path: Path, shown: str, span: Span | None, above: tuple[Path, ...] = ()) -> Module | None:
        real = path.resolve()
        if real in above:
            self._say("V0212", f"`{shown}` uses itself through the files it uses", span)
            return None
        if real in self.modules:
            return self.modules[real]
        if len(self.modules) >= _MAX_FILES or len(above) >= 50:
            self._say("V0505", f"more than {_MAX_FILES} files are reached from here", span)
            return None
        try:
            text = read_text(real, shown, span)
        except VitError as problem:
            if span is None:  # the file that the command line names
                raise
            self.findings.add(*problem.diagnostics)
            return None
        return self.parsed(real, shown, text, (*above, real))

    def parsed(self, path: Path, shown: str, text: str, above: tuple[Path, ...]) -> Module:
        """The module of a text; of one with mistakes it holds what it uses and what is intact."""
        source = Source(shown, text.removeprefix(MARK))
        file, problems = _bundled(source.name, source.text) if path.is_relative_to(SPECS) else read(source)
        self.findings.add(*problems)
        module = Module(path, file, file.span.source, hidden=set(file.lost.defined) if file.lost else set())
        self.modules[path] = module
        for item in file.items:
            if isinstance(item, tree.Use):
                self._use(module, item, above)
            elif isinstance(item, tree.Section):
                module.sections.append(item)
            else:
                self._define(module, item)
        if path.resolve() != STD:
            found = self.module(STD, "std/std.vit", None)
            if found is not None:
                module.uses.append(found)
        return module

    def _define(self, module: Module, item: Definition) -> None:
        first = module.definitions.get(item.name.id)
        if first is not None:
            where = f"line {first.name.span.line}"
            module.hidden.add(item.name.id)
            self._say("V0203", f"`{item.name.id}` is defined twice; the first is in {where}", item.name.span)
            return
        module.definitions[item.name.id] = item

    def _use(self, module: Module, item: tree.Use, above: tuple[Path, ...]) -> None:
        found = self._used(module, item, above)
        if found is not None:
            module.uses.append(found)
        else:  # what it would have brought is not known
            module.file = replace(module.file, lost=tree.Lost(anything=True))

    def _used(self, module: Module, item: tree.Use, above: tuple[Path, ...]) -> Module | None:
        text, span = item.path.value, item.path.span
        if not _plain(text):
            self._say("V0211", f"`{text}` is not the name of a .vit file relative to this one", span)
            return None
        path = module.path.parent / text
        std = SPECS / text if text.startswith(("std/", "zoo/")) else SPECS / "std" / text
        roots = [SPECS] + ([self.root] if self.root else [])
        inside = any(path.resolve().is_relative_to(root.resolve()) for root in roots)
        if self.root is None and ".." not in text.split("/") and not std.is_file():
            self._say("V0210", f"there is no file `{text}`", span, near(text))
            return None
        if not inside and not std.is_file():
            self._say("V0211", f"`{text}` leads out of the folder of the spec", span)
            return None
        own = inside and (path.is_file() or not std.is_file())
        shown = str(Path(module.source.name).parent / text) if own else str(std.relative_to(SPECS))
        if own and not path.is_file():
            self._say("V0210", f"there is no file `{shown}`", span, near(text))
            return None
        return self.module(path if own else std, shown, span, above)

    def _say(self, code: str, message: str, span: Span | None, help: str = "") -> None:
        if span is None:
            raise error(code, message)
        self.findings.add(Diagnostic(code, message, span, help=help))


def _plain(text: str) -> bool:
    """A relative path of ordinary characters that ends in .vit."""
    parts = text.split("/")
    ordinary = all(part and part != "~" and all(c.isalnum() or c in "._- " for c in part) for part in parts)
    return text.endswith(".vit") and ordinary and len(text) < 200
