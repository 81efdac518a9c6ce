"""`vitc weights import` and `vitc weights export`."""

import json
import os
from pathlib import Path
from typing import Any

from ..compiler.elaborate import elaborate
from ..compiler.ir.program import Program
from ..diagnostics import error
from ..diagnostics.messages import escape
from . import api
from .specs import choose, settings


def bring(file: str, layout: str, model: str, out: str, sets: list[str], seed: int, trust: bool, force: bool,
          format: str) -> None:  # fmt: skip
    """Writes the weights of a model out of a file in a layout, and tells what was drawn and what was left out."""
    from ..runtime.weights.files import save
    from ..runtime.weights.initial import Initial

    _new(out, file, force)
    spec, program = _program(model, sets)
    found = api.imported(program, spec, Initial(program, seed), Path(file), layout, trust=trust)
    assert found is not None
    save(Path(out), found, found.model.specs)
    _tell(format, out, len(found), found.origin.as_data())


def give(file: str, layout: str, model: str, out: str, sets: list[str], force: bool, format: str) -> None:
    """Writes the weights of a model in the names and forms of a layout."""
    from ..runtime.weights.exported import export
    from ..runtime.weights.imported import read
    from ..runtime.weights.imported_plan import Model
    from ..runtime.weights.initial import Initial

    _new(out, file, force)
    _, program = _program(model, sets)
    wanted = Model.of(program)
    found = read(Path(file), wanted, Initial(program, 0))
    chosen = export(found, wanted, layout, Path(out))
    _tell(format, out, len(wanted.specs), {**found.origin.as_data(), "layout": chosen.name})


def layouts(format: str) -> None:
    """Every layout with what it is for."""
    from ..runtime.weights.layouts import layouts as known
    from .columns import columns

    if format == "json":
        print(json.dumps({one.name: {"family": one.family, "about": one.about} for one in known().values()}, indent=2))
    else:
        print(columns([(one.name, one.family, one.about) for one in known().values()]))


def _program(model: str, sets: list[str]) -> tuple[str, Program]:
    """The spec and the program of `NAME`, `FILE.vit` or `FILE.vit:NAME`."""
    spec, _, name = model.partition(".vit:")
    spec = f"{spec}.vit" if name else spec
    library, name = choose(spec, name or None)
    return spec, elaborate(library, name, settings(sets))


def _new(out: str, file: str, force: bool) -> None:
    """Raises V1008 where the file to write is the one that is read, or is there already and `force` does not say so."""
    if Path(out).exists() and Path(file).exists() and Path(out).samefile(file):
        raise error("V1008", f"`{out}` is the file that is read", exit_status=2, help="-o takes another")
    if os.path.lexists(out) and not force:
        raise error(
            "V1008", f"`{out}` is there already", exit_status=2, help="--force writes over it; -o takes another"
        )


def _tell(format: str, out: str, tensors: int, origin: dict[str, Any]) -> None:
    from ..runtime.weights.origin import lines

    if format == "json":
        print(json.dumps({"file": out, "tensors": tensors, **origin}, indent=2))
        return
    print(f"{escape(out)}: {tensors} tensors, layout {origin['layout']}")
    print("".join(f"{line}\n" for line in lines(origin)[1:]), end="")
