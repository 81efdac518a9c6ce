"""Tensors of an ONNX file: read when they are written, one at a time, so that no model is in memory more than it must."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from onnx import StringStringEntryProto, TensorProto, ValueInfoProto, helper, numpy_helper

from ...ir.types import STORED, DType, TensorType
from ...ops.base import Array

#: Protobuf ends at 2 GiB. A model whose tensors are larger than this has them in a file beside it.
LIMIT = 1_800_000_000
#: Tensors of fewer bytes stay in the model: shapes and axes are looked at while it is loaded.
INLINE = 1024
#: Where a tensor begins in the file beside: at a page, so that it can be mapped.
PAGE = 4096

TYPES: dict[DType, int] = {"float": TensorProto.FLOAT, "int": TensorProto.INT64, "bool": TensorProto.BOOL}


@dataclass(frozen=True, slots=True)
class Stored:
    """A tensor of the file; `read` gives its numbers, in any float or integer type."""

    type: TensorType
    read: Callable[[], Array]

    @property
    def size(self) -> int:
        """Bytes."""
        return prod(self.type.shape) * np.dtype(STORED[self.type.dtype]).itemsize

    def numbers(self) -> Array:
        """As they are stored: floats as float32, integers as int64, contiguous."""
        return np.asarray(self.read(), dtype=STORED[self.type.dtype], order="C").reshape(self.type.shape)

    def transposed(self, perm: tuple[int, ...]) -> "Stored":
        """With its axes in another order."""
        shape = tuple(self.type.shape[axis] for axis in perm)
        return Stored(TensorType(shape, self.type.dtype, "shared"), lambda: self.numbers().transpose(perm))


def of_array(value: Array) -> Stored:
    """A tensor that is there already."""
    dtype: DType = {"f": "float", "i": "int", "b": "bool"}[value.dtype.kind]  # type: ignore[assignment] -- of a literal
    kept = value.astype(STORED[dtype])
    return Stored(TensorType(value.shape, dtype, "const"), lambda: kept)


def inside(tensors: dict[str, Stored]) -> list[TensorProto]:
    """All of them with their numbers."""
    return [numpy_helper.from_array(tensor.numbers(), name) for name, tensor in tensors.items()]


def beside(tensors: dict[str, Stored], file: Path) -> list[TensorProto]:
    """Small ones with their numbers, the others written to `file` and described by place and length."""
    found: list[TensorProto] = []
    with file.open("wb") as out:
        for name, tensor in tensors.items():
            if tensor.size < INLINE:
                found.append(numpy_helper.from_array(tensor.numbers(), name))
                continue
            out.seek(-(-out.tell() // PAGE) * PAGE)
            at = {"location": file.name, "offset": out.tell(), "length": tensor.size}
            out.write(tensor.numbers().tobytes())
            found.append(_described(name, tensor, at.items()))
    return found


def _described(name: str, tensor: Stored, at: Iterable[tuple[str, Any]]) -> TensorProto:
    proto = TensorProto(name=name, data_type=TYPES[tensor.type.dtype], dims=tensor.type.shape)
    proto.data_location = TensorProto.EXTERNAL
    proto.external_data.extend(StringStringEntryProto(key=key, value=str(value)) for key, value in at)
    return proto


def declared(tensors: dict[str, Stored]) -> tuple[list[TensorProto], list[ValueInfoProto]]:
    """Small ones with their numbers, the others as inputs of their type: for a checker that needs no numbers."""
    small = {name: tensor for name, tensor in tensors.items() if tensor.size < INLINE}
    large = [
        helper.make_tensor_value_info(name, TYPES[tensor.type.dtype], tensor.type.shape)
        for name, tensor in tensors.items()
        if name not in small
    ]
    return inside(small), large
