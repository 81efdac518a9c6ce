"""The section `export`: what is written besides `model.safetensors`."""

from typing import Annotated, Any

from pydantic import BeforeValidator, create_model

from ...compiler.backends import BACKENDS, ordered
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


class _Export(Section):
    """Which targets are written; all by default."""

    def targets(self) -> tuple[str, ...]:
        """Lists those that are wanted, in the order in which they are written."""
        return tuple(name for name in ordered() if getattr(self, name))


_KEYS: dict[str, Any] = dict.fromkeys(BACKENDS.names(), (Wanted, True))
#: A key for each backend.
Export = create_model("Export", __base__=_Export, __module__=__name__, **_KEYS)
