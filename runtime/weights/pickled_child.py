"""The process in which `pickled` has a pickle read.

It reads one JSON object from standard input (`source`, `target`, `limits`) and says in a line of JSON what it left out (`odd`), or why it
wrote nothing (`why`, `help`).

torch's own `weights_only` reader calls nothing but what it is allowed to. Classes that training scripts store beside the
weights are stood for by empty objects under their names: the class is never looked up, and nothing of it runs.
"""

import json
import os
import pickletools
import sys
import zipfile
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...diagnostics import VitError
from ..limits import Limits
from .writing import Form, write

#: Modules of the standard library whose objects are data. Names of others in it are refused: weights never need them.
_DATA = {"argparse", "pathlib", "collections", "datetime", "decimal", "enum", "fractions", "uuid", "random", "zoneinfo"}
_NAMES = {
    "_codecs.encode", "types.SimpleNamespace", "functools.partial", "copyreg._reconstructor", "builtins.Ellipsis",
    "builtins.NotImplemented", "builtins.bool", "builtins.bytearray", "builtins.bytes", "builtins.complex", "builtins.dict",
    "builtins.float", "builtins.frozenset", "builtins.int", "builtins.list", "builtins.object", "builtins.range", "builtins.set",
    "builtins.slice", "builtins.str", "builtins.tuple", "builtins.type",
}  # fmt: skip
#: How many times larger than the file its tensors may be: two names of one tensor are two tensors.
_TIMES = 8
#: Dictionaries in dictionaries that are looked into.
_DEEP = 6


class Refused(Exception):
    """What is wrong with the pickle, and what to do."""

    def __init__(self, why: str, help: str = "") -> None:
        super().__init__(why)
        self.help = help


def convert(source: Path, target: Path) -> dict[str, tuple[tuple[int, ...], str]]:
    """Writes the tensors of a pickle as safetensors, those of inner dictionaries under `key.name`.

    Gives the shape and the kind of those that are no plain numbers, which are left out.
    """
    found = loaded(source)  # before torch, as some files are refused without it

    import torch

    named = list(_tensors(found))
    tensors = dict(named)
    if len(tensors) < len(named):
        twice = next(name for i, (name, _) in enumerate(named) if any(name == other for other, _ in named[:i]))
        raise Refused(f"two tensors in it would be called `{twice}`", "save one state dict with names that differ")
    if not tensors:
        raise Refused("there are no tensors by name in it", _instead(found))
    kinds = {torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
             torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL"}  # fmt: skip
    odd = {name: kind for name, tensor in tensors.items() if (kind := _odd(tensor, kinds))}
    plain = {name: tensor for name, tensor in tensors.items() if name not in odd}
    if not plain:
        name, kind = next(iter(odd.items()))
        raise Refused(f"`{name}` is {kind}", "save the weights as plain tensors of float32, float16 or bfloat16")
    total = sum(tensor.numel() * tensor.element_size() for tensor in plain.values())
    if total > _TIMES * source.stat().st_size + 2**16:
        raise Refused(f"its tensors would have {total:,} bytes, many times more than the file")

    def array(name: str) -> Any:
        tensor = plain[name].detach().contiguous()
        return (tensor.view(torch.int16) if tensor.dtype is torch.bfloat16 else tensor).numpy()

    write(target, {name: Form(tuple(tensor.shape), kinds[tensor.dtype]) for name, tensor in plain.items()}, array)
    return {name: (tuple(tensors[name].shape), kind) for name, kind in odd.items()}


def _odd(tensor: Any, kinds: Any) -> str:
    """What a tensor is that no safetensors file can hold."""
    import torch

    if tensor.is_quantized:
        return f"quantised ({str(tensor.dtype).removeprefix('torch.')})"
    if tensor.layout is not torch.strided:
        return str(tensor.layout).removeprefix("torch.")
    if tensor.device.type != "cpu":
        return f"without numbers (device {tensor.device.type})"
    return "" if tensor.dtype in kinds else str(tensor.dtype).removeprefix("torch.")


def loaded(source: Path) -> Any:
    """What `torch.load(weights_only=True)` makes of the pickle."""
    zipped, stored = _zipped(source)
    names = set(_names(source, zipped=zipped))
    _refuse_attack(names)

    import torch
    from torch import _weights_only_unpickler as reader

    allowed: Any = reader._get_allowed_globals()  # pyright: ignore[reportPrivateUsage] -- torch has no public list
    unknown = sorted(names - allowed.keys())
    lists: dict[str, type] = dict.fromkeys(unknown, _Stub)
    while True:
        stubs: list[Any] = [(_stub(name, base), name) for name, base in lists.items()]
        try:
            with torch.serialization.safe_globals(stubs):
                return torch.load(source, map_location="cpu", weights_only=True, mmap=stored)
        except Exception as problem:  # torch raises classes of several modules, and whatever the bytes lead to
            # a class that is a dictionary or a list tells so by what is put into it
            wanted = OrderedDict if "SETITEM" in str(problem) else list if "append to lists" in str(problem) else None
            name = next((n for n, base in lists.items() if base is _Stub and f"stub of {n}'" in str(problem)), None)
            if wanted is None or name is None:
                raise Refused(_reason(problem)) from None
            lists[name] = wanted


def _zipped(source: Path) -> tuple[bool, bool]:
    """Whether it is of the format since PyTorch 1.6, and whether its tensors lie in it as they are, to be mapped."""
    if not zipfile.is_zipfile(source):
        return False, False
    with zipfile.ZipFile(source) as archive:
        return True, all(entry.compress_type == zipfile.ZIP_STORED for entry in archive.infolist())


class _Stub:
    """An object of a class that is not looked up: takes any arguments, keeps nothing."""

    def __new__(cls, *_: Any, **__: Any) -> Any:
        return object.__new__(cls)

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __setstate__(self, _: Any) -> None:
        pass


def _stub(name: str, base: type) -> type:
    """A class that stands for another: its objects are empty, or a plain dictionary or list that can be filled."""
    if base is _Stub:
        return type(f"stub of {name}", (_Stub,), {"stands_for": name, "__module__": ""})
    return type(f"stub of {name}", (), {"__new__": lambda cls, *_, **__: base(), "__module__": ""})  # type: ignore[reportUnknownLambdaType] -- of any kind


def _names(source: Path, *, zipped: bool) -> Iterator[str]:
    """Every class and function that the pickle refers to; of the old format the fourth of its pickles is what was saved."""
    try:
        if zipped:
            with zipfile.ZipFile(source) as archive:
                entry = next(name for name in archive.namelist() if name.rpartition("/")[2] == "data.pkl")
                with archive.open(entry) as file:
                    yield from _globals(file)
        else:
            with source.open("rb") as file:
                for _ in range(4):
                    yield from _globals(file)
    except Exception as problem:  # whatever the bytes lead to
        raise Refused(f"the pickle is cut off or damaged ({problem})") from None


def _globals(file: Any) -> Iterator[str]:
    for opcode, argument, _ in pickletools.genops(file):
        if opcode.name == "STACK_GLOBAL":
            raise Refused("it was pickled with a protocol above 3", "save it by torch.save without pickle_protocol")
        if opcode.name == "GLOBAL":
            module, _, name = str(argument).partition(" ")
            module, name = NAME_MAPPING.get((module, name), (IMPORT_MAPPING.get(module, module), name))
            yield f"{module}.{name}"


def _refuse_attack(names: set[str]) -> None:
    """Raises Refused for names of the standard library that are no data; before torch is there, as it takes seconds."""
    for name in sorted(names):
        module = name.partition(".")[0]
        if module in sys.stdlib_module_names and module not in _DATA and name not in _NAMES:
            raise Refused(f"it refers to `{name}`, which weights never need: it may be an attack")


def _reason(problem: Exception) -> str:
    """What torch's reader says, without its advice to read the file unsafely."""
    text = str(problem)
    if "Only persistent_load of storage" in text:
        return "in the format before PyTorch 1.6 it refers to a class of modules: save the state_dict() alone"
    if "legacy .tar format" in text:
        return "it is of a format before PyTorch 0.2"
    _, found, said = text.partition("WeightsUnpickler error:")
    return next(iter((said if found else text).strip().splitlines()), type(problem).__name__)


def _tensors(found: Any, prefix: str = "", deep: int = 0) -> Iterator[tuple[str, Any]]:
    """Tensors by name, of inner dictionaries too and of those in a list; numbers as keys are those of an optimizer's state."""
    import torch

    if isinstance(found, (list, tuple)):
        found = {str(i): one for i, one in enumerate(found) if isinstance(one, dict)}  # type: ignore[reportUnknownArgumentType, reportUnknownVariableType] -- of any kind
    if not isinstance(found, dict):
        return
    items: dict[Any, Any] = found  # type: ignore[reportUnknownVariableType] -- of any kind
    if not all(isinstance(key, str) for key in items):
        return
    for key, value in items.items():
        if isinstance(value, torch.Tensor):
            yield prefix + key, value
        elif deep < _DEEP:
            yield from _tensors(value, f"{prefix}{key}.", deep + 1)


def _instead(found: Any) -> str:
    """What to do about a pickle of objects."""
    inner: Any = list(found.values()) if isinstance(found, dict) else [found]  # type: ignore[reportUnknownArgumentType] -- of any kind
    stub = next((one for one in inner if isinstance(one, _Stub)), None)
    if stub is None:
        return ""
    whole = str(getattr(type(stub), "stands_for", ""))
    if whole.partition(".")[0] == "numpy":
        return "it holds numpy arrays: save them by name with numpy.savez"
    return f"it holds an object of `{whole}`: save its state_dict() instead"


def answer(source: str, target: str) -> dict[str, Any]:
    """Converts, and says what was left out or why nothing was written."""
    try:
        return {"odd": convert(Path(source), Path(target))}
    except Refused as problem:
        return {"why": str(problem), "help": problem.help}
    except VitError as problem:
        return {"why": problem.diagnostics[0].message, "help": "TMPDIR names another temporary folder"}
    except MemoryError:
        return {"why": "it needs more memory than is allowed", "help": ""}


if __name__ == "__main__":
    request = json.load(sys.stdin)
    Limits(**request.pop("limits")).held()
    with os.fdopen(os.dup(1), "w", encoding="ascii") as line:
        os.dup2(2, 1)  # what native code prints must not stand before the answer
        line.write(json.dumps(answer(**request)) + "\n")
