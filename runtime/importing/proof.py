"""What an import writes passes `vitc check` and loads the weights beside it, or is refused before it is written."""

from ...compiler.elaborate import elaborate
from ...compiler.elaborate.library import loads
from ...compiler.ir.program import Program
from ...diagnostics import Diagnostic, VitError
from .. import sections
from ..sections.weights import Weights
from ..weights.files import Tensors
from ..weights.matched import fitted
from ..weights.matching import Model
from .sheet import Sheet, unsayable

#: Keys of configurations that a tensor of ours takes its shape from, for the message.
_KEYS = {
    "pos_embed": "image_size and patch_size",
    "patch_embed": "patch_size, num_channels and the width",
    "head": "the number of classes",
    "mlp": "the width of the MLP",
}


def proven(sheet: Sheet, text: str) -> Program:
    """The checked program of a sheet; V0713 for one that can't be built, V0703 to V0706 where its weights do not fit."""
    try:
        program = elaborate(loads(text), sheet.name)
        sections.check(program)
    except VitError as problem:
        raise unsayable(
            sheet.source, f"the model it describes can't be built: {problem.diagnostics[0].message}"
        ) from None
    if sheet.stored is not None:
        _loads(sheet, program, sheet.stored)
    return program


def _loads(sheet: Sheet, program: Program, stored: Tensors) -> None:
    wanted = Weights.of(program)
    try:
        fitted(stored, Model.of(program), {}, wanted.layout, wanted.choices())
    except VitError as problem:
        if sheet.source in stored.files or problem.diagnostics[0].code in (
            "V0715",
            "V0717",
        ):  # which numbers alone tell
            raise
        told = "\n".join(d.message for d in problem.diagnostics)
        keys = [key for name, key in _KEYS.items() if f" {name}" in told]
        why = f"; compare {', '.join(keys)}" if keys else ""
        first = Diagnostic(
            "V0713", f"`{sheet.source}` describes another model than `{stored.files[0].name}` beside it holds{why}"
        )
        raise VitError((first, *problem.diagnostics)) from None
