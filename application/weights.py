"""Weights: where those of a model come from, and their way from and into the layouts of others."""

# Imports inside functions are of what needs numpy.

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..compiler.driver import Compiled
from ..compiler.elaborate import elaborate
from ..compiler.ir.program import Program
from ..diagnostics import error
from ..runtime.whole import refuse_taken
from .specs import choose

if TYPE_CHECKING:
    from ..runtime.weights.initial import Initial
    from ..runtime.weights.matched import Matched
    from ..runtime.weights.origin import Known, Origin


def start(compiled: Compiled, spec: str | Path, seed: int, given: str | Path | Mapping[str, Any] | None = None,
          *, trust: bool = False) -> "Initial | Matched | Known":  # fmt: skip
    """Gives the weights that are handed over, those of the section `weights`, or those that the text's own rules draw;
    `origin` of the result says which."""
    from ..runtime.weights.initial import Initial
    from ..runtime.weights.matched import taken
    from ..runtime.weights.matching import Model
    from ..runtime.weights.origin import Known

    if isinstance(given, Known):
        return given
    initial = Initial(compiled.program, seed)
    if isinstance(given, Mapping):
        return taken(given, Model.of(compiled.program), initial)
    found = imported(compiled.program, spec, initial, None if given is None else Path(given), trust=trust)
    return initial if found is None else found


def imported(program: Program, spec: str | Path, initial: Mapping[str, Any], file: Path | None = None,
             layout: str | None = None, *, trust: bool = False) -> "Matched | None":  # fmt: skip
    """Reads the weights out of a file, or out of that of the section `weights`, which also says which of them are taken."""
    from ..runtime.sections.weights import Weights
    from ..runtime.weights.matched import read
    from ..runtime.weights.matching import Model

    wanted, span = Weights.of(program), None
    if file is None and wanted.file is not None:
        file, span = Path(spec).parent / wanted.file, program.sections["weights"].entries["file"].span
    if file is None:
        return None
    return read(file, Model.of(program), initial, layout or wanted.layout, wanted.choices(), span, trust=trust)


def bring(file: str | Path, layout: str, model: str, out: str | Path, settings: Mapping[str, str] | None = None, *,
          seed: int = 0, trust: bool = False, force: bool = False) -> tuple[int, "Origin"]:  # fmt: skip
    """Writes the weights of a model out of a file in a layout; gives the number of tensors, and what was drawn and left out.

    `model` is a bundled one, `FILE.vit` or `FILE.vit:NAME`. Raises V1008 where `out` is there already, without `force`.
    """
    from ..runtime.weights.files import save
    from ..runtime.weights.initial import Initial

    _refuse_overwriting(Path(out), Path(file), force=force)
    spec, program = _program(model, settings)
    found = imported(program, spec, Initial(program, seed), Path(file), layout, trust=trust)
    assert found is not None
    save(Path(out), found, found.model.specs)
    return len(found), found.origin


def give(file: str | Path, layout: str, model: str, out: str | Path, settings: Mapping[str, str] | None = None, *,
         force: bool = False) -> tuple[int, "Origin", str]:  # fmt: skip
    """Writes the weights of a model in the names and forms of a layout; gives the number of tensors, where they came from, and
    the name of the layout. Arguments and errors as in `bring`."""
    from ..runtime.weights.exported import export
    from ..runtime.weights.initial import Initial
    from ..runtime.weights.matched import read
    from ..runtime.weights.matching import Model

    _refuse_overwriting(Path(out), Path(file), force=force)
    _, program = _program(model, settings)
    wanted = Model.of(program)
    found = read(Path(file), wanted, Initial(program, 0))
    chosen = export(found, wanted, layout, Path(out))
    return len(wanted.specs), found.origin, chosen.name


def _program(model: str, settings: Mapping[str, str] | None) -> tuple[str, Program]:
    """The spec and the program of `NAME`, `FILE.vit` or `FILE.vit:NAME`."""
    spec, _, name = model.partition(".vit:")
    spec = f"{spec}.vit" if name else spec
    library, name = choose(spec, name or None)
    return spec, elaborate(library, name, settings)


def _refuse_overwriting(out: Path, file: Path, *, force: bool) -> None:
    """Raises V1008 where the file to write is the one that is read, or is there already and `force` does not say so."""
    if out.exists() and file.exists() and out.samefile(file):
        raise error("V1008", f"`{out}` is the file that is read", help="-o takes another", status=2)
    refuse_taken(out, force=force)
