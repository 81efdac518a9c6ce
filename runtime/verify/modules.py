"""Modules of torch as targets."""

import importlib.util
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any, Self, cast

import torch
from torch.overrides import TorchFunctionMode

from ...compiler.ops.base import Array
from ..weights.shared import assign
from .targets import Target


class _Doubles(TorchFunctionMode):
    """Makes a float64 of what `.float()` is asked to make a float32 of."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return (torch.Tensor.double if func is torch.Tensor.float else func)(*args, **(kwargs or {}))


@contextmanager
def wide() -> Generator[None]:
    """Inside, what printed code makes a float of, numbers of the text by torch's default and integers by `.float()`, is a
    float64: in a model of float64 no layer meets a float32."""
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)  # pyright: ignore[reportUnknownMemberType] -- torch leaves it untyped
    try:
        with _Doubles():
            yield
    finally:
        torch.set_default_dtype(default)  # pyright: ignore[reportUnknownMemberType] -- as above


class ModuleTarget(Target):
    """An `nn.Module` or a script of one."""

    def __init__(self, module: Any) -> None:
        self.module, self.double = module.eval(), False

    def __call__(self, images: Array) -> list[Array]:
        """Gives every output."""
        x = tensor(images)
        with torch.inference_mode(), wide() if self.double else nullcontext():
            result: Any = self.module(x.double() if self.double else x)
        return [y.numpy() for y in tensors(result)]

    def use(self, weights: Mapping[str, Array]) -> None:
        """Copies them in."""
        assign(self.module, {name: tensor(weights[name]) for name in weights})

    def wide(self) -> Self:
        """Computes in float64 from now on."""
        self.module, self.double = self.module.double(), True
        return self


def tensor(array: Array) -> torch.Tensor:
    """Gives a torch tensor of the same memory."""
    return torch.from_numpy(array)  # pyright: ignore[reportUnknownMemberType] -- torch leaves the array's type open


def tensors(result: Any) -> Iterator[Any]:
    """Gives all tensors of what a module gives."""
    if isinstance(result, (tuple, list)):
        for item in cast("tuple[Any, ...]", result):
            yield from tensors(item)
    else:
        yield result


def imported(path: Path) -> ModuleType:
    """Imports a `model.py` that vitc wrote, under a name of its own."""
    spec = importlib.util.spec_from_file_location("vitc_written_model", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
