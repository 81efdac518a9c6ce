"""The section `export`: what is written besides `model.safetensors`."""

from typing import Annotated, Any

from pydantic import BeforeValidator

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


Wanted = Annotated[bool, BeforeValidator(_precision)]


class Export(Section):
    """Which targets; all by default."""

    torch: Wanted = True
    torchscript: Wanted = True
    onnx: Wanted = True

    def targets(self) -> tuple[str, ...]:
        """Those that are wanted, in the order in which they are written."""
        return tuple(name for name in Export.model_fields if getattr(self, name))
