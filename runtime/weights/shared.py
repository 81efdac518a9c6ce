"""Layers with several names: a module's state dict lists them under each, a file has them once, under the first."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn


def stored(module: "nn.Module") -> "dict[str, Tensor]":
    """The state dict with every tensor once."""
    first = _first(module)
    return {name: tensor for name, tensor in module.state_dict().items() if first[name] == name}


def assign(module: "nn.Module", tensors: "Mapping[str, Tensor]") -> None:
    """Sets the weights, strictly; a tensor given under its first name is there under all."""
    again = {name: tensors[one] for name, one in _first(module).items() if name != one and one in tensors}
    module.load_state_dict({**tensors, **again})


def _first(module: "nn.Module") -> dict[str, str]:
    """Every name, with the first name of its tensor."""
    seen: dict[int, str] = {}
    return {name: seen.setdefault(t.data_ptr() or id(t), name) for name, t in module.state_dict().items()}
