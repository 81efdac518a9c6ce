"""A != b."""

from .base import Array, OnnxCall, OnnxEmitter
from .elementwise import Compare, cast_operands


class Definition(Compare):
    """not_equal: a != b, element by element. ONNX Equal and Not."""

    name = "not_equal"
    operator = "!="
    onnx_type = "Equal"
    text = "{a} != {b}"
    bools = True

    def compute(self, a: Array, b: Array) -> Array:
        return a != b

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        return (emit.op("Not", emit.op("Equal", *cast_operands(emit, call))),)
