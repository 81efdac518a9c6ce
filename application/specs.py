"""From a path or the name of a bundled model to a library and the name of a model in it."""

import os
import sys
from dataclasses import replace
from pathlib import Path

from ..compiler.elaborate.bundled import definitions
from ..compiler.elaborate.library import MAX_BYTES, Library, load, read_bytes
from ..diagnostics import error
from ..diagnostics.suggest import suggestion

#: The name that a text from standard input is shown under.
STDIN = "<stdin>"


def open_spec(spec: str, *, broken: bool = False) -> tuple[Library, tuple[str, ...]]:
    """The library and the models of a path, of standard input (`-`; paths in it are relative to the current folder), or of
    the bundled file that defines a model of this name. With `broken`, mistakes in its text do not raise but stand in the library."""
    from ..runtime.sections import SECTIONS  # pydantic, which `vitc fmt` does without

    library, names = _opened(spec, broken=broken)
    return replace(library, sections=SECTIONS.names()), names


def _opened(spec: str, *, broken: bool) -> tuple[Library, tuple[str, ...]]:
    if spec == "-":
        library = read_bytes(standard_input(), STDIN, Path(), broken=broken)
        return library, library.models()
    if spec.endswith(".vit") or "/" in spec:
        _refuse_irregular(spec)
        library = load(Path(spec), broken=broken)
        return library, library.models()
    for found in definitions():
        if (found.kind, found.name) == ("model", spec):
            return load(found.path, found.shown), (spec,)
    _refuse_irregular(spec)
    raise error("V1001", f"`{spec}` is no bundled model; a file's name ends in .vit",
                help=suggestion(spec, bundled()))  # fmt: skip


def below(spec: str) -> list[str]:
    """The `.vit` files below a folder, sorted, without those in hidden folders; of anything else just itself.

    Links to folders are not followed. Raises V1002 where there is none, `OSError` where a folder can't be read.
    """
    if not Path(spec).is_dir() or spec in bundled():
        return [spec]
    found: list[str] = []
    for folder, inner, files in os.walk(spec, onerror=_raise):
        inner[:] = [name for name in inner if not name.startswith(".")]
        found += [str(Path(folder, name)) for name in files if name.endswith(".vit") and not name.startswith(".")]
    if not found:
        raise error("V1002", f"there is no .vit file below the folder `{spec}`")
    return sorted(found)


def _raise(problem: OSError) -> None:
    raise problem


def standard_input() -> bytes:
    """Reads standard input, up to where a spec is refused as too long."""
    return sys.stdin.buffer.read(MAX_BYTES + 1)


def _refuse_irregular(spec: str) -> None:
    """Raises V1002 for a folder, a pipe or a device."""
    path = Path(spec)
    if path.is_dir():
        raise error("V1002", f"`{spec}` is a folder, not a .vit file",
                    help="`vitc check FOLDER` checks the .vit files below it")  # fmt: skip
    if path.exists() and not path.is_file():
        raise error("V1002", f"`{spec}` is not an ordinary file", help="`-` reads a spec from standard input")


def bundled() -> list[str]:
    """The names of all bundled models."""
    return [found.name for found in definitions() if found.kind == "model"]


def choose(spec: str, name: str | None) -> tuple[Library, str]:
    """Opens a spec for one of its models: the one named, else the only one. Raises V1003 and V1005."""
    library, names = open_spec(spec)
    if name is not None:
        if name not in library.models():
            raise error("V1003", f"there is no model `{name}` in {library.main.source.name}",
                        help=suggestion(name, library.models()))  # fmt: skip
        return library, name
    if len(names) == 0:
        raise error("V1003", f"{library.main.source.name} defines no model")
    if len(names) > 1:
        raise error("V1005", f"{library.main.source.name} defines {len(names)} models",
                    help=f"choose one with --model: {', '.join(names)}")  # fmt: skip
    return library, names[0]
