"""The section `export`: what is written besides `model.safetensors`."""

from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator

from .checking import later, listed, refuse, refuse_with, shown
from .values import Strict

LATER_PRECISIONS = ("fp16", "bf16", "int8", "int4")


def _precision(value: Any) -> bool:
    """`true`, `false`, `fp32` or `[fp32]`."""
    if isinstance(value, bool):
        return value
    items = listed(value)
    for item in items:
        if item in LATER_PRECISIONS:
            raise refuse_with(later(item, getattr(item, "span", None)))
        if item != "fp32":
            raise refuse(f"takes true, false or fp32, not {shown(item)}")
    return bool(items)


Wanted = Annotated[bool, BeforeValidator(_precision)]


class Export(Strict):
    """Which targets; all by default."""

    LATER: ClassVar[tuple[str, ...]] = ("coreml", "tensorrt", "openvino", "executorch", "outputs")

    torch: Wanted = True
    torchscript: Wanted = True
    onnx: Wanted = True

    def targets(self) -> tuple[str, ...]:
        """Those that are wanted, in the order in which they are written."""
        return tuple(name for name in Export.model_fields if getattr(self, name))
