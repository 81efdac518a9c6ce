"""Weights that Python code hands over: numpy arrays or torch tensors by name, under the same rules as a file's."""

import sys
from collections.abc import Mapping
from types import EllipsisType
from typing import Any

from ...compiler.ops.base import Array, np
from ...diagnostics import error
from .files import Header, Tensors

#: Element types as safetensors calls them.
_TYPES = {"float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "int64": "I64", "bool": "BOOL"}


class Given(Tensors):
    """A mapping of arrays or torch tensors; raises V0719 where it is something else."""

    def __init__(self, mapping: Mapping[Any, Any]) -> None:
        self.label, self.files, self._mapping = "the mapping of weights", (), mapping
        wrong = [f"{name!r} is {_kind(value)}" for name, value in mapping.items() if not _is_array(name, value)]
        if wrong:
            more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
            raise error("V0719", f"weights are numpy arrays or torch tensors by name; {wrong[0][:200]}{more}",
                        help="pass what `model.state_dict()` gives")  # fmt: skip
        self.headers = {name: _header(value) for name, value in mapping.items()}

    def read(self, name: str, index: int | EllipsisType) -> Array:
        """The array itself, or what a tensor holds."""
        value = self._mapping[name]
        if _is_tensor(value):
            value = value.detach().cpu()
            value = (value.float() if value.is_floating_point() else value).numpy()
        return np.asarray(value)[index]


def _is_array(name: object, value: object) -> bool:
    return isinstance(name, str) and (isinstance(value, (np.ndarray, np.generic)) or _is_tensor(value))


def _is_tensor(value: object) -> bool:
    torch: Any = sys.modules.get("torch")  # who has a tensor has imported it
    return torch is not None and isinstance(value, torch.Tensor)


def _kind(value: object) -> str:
    return f"a {type(value).__name__}" if not isinstance(value, np.ndarray) else "an array, but no name"


def _header(value: Any) -> Header:
    dtype = str(value.dtype).removeprefix("torch.")
    return Header(tuple(value.shape), _TYPES.get(dtype, dtype))
