"""1 / (1 + e**-x)."""

from .base import Array
from .elementwise import FloatUnary
from .kinds import logistic


class Definition(FloatUnary):
    """sigmoid(x): 1 / (1 + e**-x). ONNX Sigmoid."""

    name = "sigmoid"
    onnx_type = "Sigmoid"
    text = "{x}.sigmoid()"

    def compute(self, x: Array) -> Array:
        return logistic(x)
