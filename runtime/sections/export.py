"""The section `export`: what is written besides `model.safetensors`, and which results of the model it gives."""

from typing import Annotated, Any

from pydantic import BeforeValidator, InstanceOf, create_model

from ...compiler.backends import BACKENDS, ordered
from ...compiler.ir.program import Program
from ...diagnostics import error
from ...diagnostics.suggest import suggestion
from ..settings.checking import listed, refuse, shown
from . import Section


def _precision(value: Any) -> bool:
    """`true`, `false`, `fp32` or `[fp32]`."""
    if isinstance(value, bool):
        return value
    items = listed(value)
    for item in items:
        if item != "fp32":
            raise refuse(f"takes true, false or fp32, not {shown(item)}")
    return bool(items)


def _results(value: Any) -> tuple[str, ...]:
    """Names of results, each once."""
    items = listed(value)
    for item in items:
        if not isinstance(item, str):
            raise refuse(f"takes names of results like [logits, features], not {shown(item)}")
        if items.count(item) > 1:
            raise refuse(f"names {shown(item)} twice")
    return tuple(items)


Wanted = Annotated[bool, BeforeValidator(_precision)]


class _Export(Section):
    """Which targets are written; all by default. `outputs`: results that TorchScript and ONNX give besides the first."""

    outputs: Annotated[tuple[InstanceOf[str], ...], BeforeValidator(_results)] = ()

    def targets(self) -> tuple[str, ...]:
        """Lists those that are wanted, in the order in which they are written."""
        return tuple(name for name in ordered() if getattr(self, name))


_KEYS: dict[str, Any] = dict.fromkeys(BACKENDS.names(), (Wanted, True))
#: A key for each backend.
Export = create_model("Export", __base__=_Export, __module__=__name__, **_KEYS)


def outputs(program: Program) -> tuple[str, ...]:
    """Lists the results that are exported besides the first; raises V0602 at one that the model does not have."""
    names, wanted = program.root.bodies[0].names, Export.of(program).outputs
    for name in wanted:
        if name not in names:
            raise error("V0602", f"`{program.name}` has no result `{name}`", getattr(name, "span", None) or
                        program.sections["export"].entries["outputs"].span, help=suggestion(name, names))  # fmt: skip
    return wanted
