"""The section `weights`: a file to start from."""

from typing import ClassVar

from .values import Strict


class Weights(Strict):
    """`file`: safetensors or npz, relative to the spec."""

    LATER: ClassVar[tuple[str, ...]] = ("only", "skip", "resize", "rename", "layout")

    file: str | None = None
