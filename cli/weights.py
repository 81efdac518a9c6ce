"""`vitc weights import` and `vitc weights export`."""

import json
from pathlib import Path
from typing import Any

from ..compiler.elaborate import elaborate
from ..compiler.ir.program import Program
from ..grammar.diagnostics import error
from ..grammar.messages import escape
from . import api
from .specs import choose, settings


def bring(file: str, layout: str, model: str, out: str, sets: list[str], seed: int, trust: bool, format: str) -> None:
    """Writes the weights of a model out of a file in a layout, and tells what was drawn and what was left out."""
    from ..runtime.weights.files import save
    from ..runtime.weights.initial import Initial
    from ..runtime.weights.pickled import readable

    _new(out, file)
    spec, program = _program(model, sets)
    with readable(Path(file), trust=trust) as path:
        found = api.imported(program, spec, Initial(program, seed), path, layout)
        assert found is not None
        save(Path(out), found, found.model.specs)
    plan = found.plan
    _tell(
        format,
        out,
        {
            "layout": plan.layout.name,
            "tensors": len(found),
            "zeros": plan.zeros,
            "drawn": plan.drawn,
            "resized": sorted(plan.changes),
            "left_out": sorted([*plan.left_out, *plan.must_be_zero]),
        },
    )


def give(file: str, layout: str, model: str, out: str, sets: list[str], format: str) -> None:
    """Writes the weights of a model in the names and forms of a layout."""
    from ..runtime.weights.exported import export
    from ..runtime.weights.imported import read
    from ..runtime.weights.imported_plan import Model

    _new(out, file)
    _, program = _program(model, sets)
    wanted = Model(program.weights(), program.root.params)
    stored = read(Path(file), wanted, {}).stored
    chosen = export(stored, wanted, layout, Path(out))
    _tell(format, out, {"layout": chosen.name, "tensors": len(wanted.specs)})


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


def _new(out: str, file: str) -> None:
    if Path(out).exists() and Path(file).exists() and Path(out).samefile(file):
        raise error("V1008", f"`{out}` is the file that is read", exit_status=2, help="-o takes another")


def _tell(format: str, out: str, about: dict[str, Any]) -> None:
    if format == "json":
        print(json.dumps({"file": out, **about}, indent=2))
        return
    print(f"{out}: {about['tensors']} tensors, layout {about['layout']}")
    for kind in ("zeros", "drawn", "resized", "left_out"):
        if names := about.get(kind):
            print(f"  {kind.replace('_', ' ')}: {escape(', '.join(names))}")
