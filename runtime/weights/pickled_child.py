"""The process that reads a pickle: `python -m ….pickled_child SOURCE TARGET SECONDS`. What went wrong is JSON on stdout.

torch's own `weights_only` reader calls nothing but what it is allowed to. Classes that training scripts store beside the
weights are stood for by empty objects under their names: the class is never looked up, and nothing of it runs.
"""

import json
import pickletools
import sys
import zipfile
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...grammar.diagnostics import VitError
from ..limits import Limits
from .writing import Form, write

#: Bytes of address space for torch itself (2.14 with CUDA's libraries takes 3.3 GB), and how many times the file may be
#: in memory besides.
_BYTES, _COPIES = 12 * 2**30, 4

#: Modules of the standard library whose objects are data. Names of others in it are refused: weights never need them.
_DATA = {"argparse", "pathlib", "collections", "datetime", "decimal", "enum", "fractions", "uuid", "random", "zoneinfo"}
_NAMES = {"_codecs.encode", "builtins.set", "builtins.bytearray", "builtins.complex", "types.SimpleNamespace", "functools.partial", "copyreg._reconstructor", "builtins.frozenset", "builtins.slice",
          "builtins.range", "builtins.object", "builtins.list", "builtins.dict", "builtins.tuple", "builtins.int",
          "builtins.float", "builtins.str", "builtins.bool", "builtins.bytes", "builtins.type"}  # fmt: skip
#: How many times larger than the file its tensors may be: two names of one tensor are two tensors.
_TIMES = 8
#: Dictionaries in dictionaries that are looked into.
_DEEP = 6


class Refused(Exception):
    """What is wrong with the pickle, and what to do."""

    def __init__(self, why: str, help: str = "") -> None:
        super().__init__(why)
        self.help = help


def convert(source: Path, target: Path) -> None:
    """Writes the tensors of a pickle as safetensors, those of inner dictionaries under `key.name`."""
    found = loaded(source)  # before torch, as some files are refused without it

    import torch

    tensors = dict(_tensors(found))
    if not tensors:
        raise Refused("there are no tensors by name in it", _instead(found))
    _sound(tensors, source)
    kinds = {torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
             torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL"}  # fmt: skip
    odd = next((name for name, tensor in tensors.items() if tensor.dtype not in kinds), None)
    if odd is not None:
        raise Refused(f"`{odd}` is of type {str(tensors[odd].dtype).removeprefix('torch.')}",
                      "save the weights as float32, float16 or bfloat16")  # fmt: skip
    forms = {name: Form(tuple(tensor.shape), kinds[tensor.dtype]) for name, tensor in tensors.items()}

    def array(name: str) -> Any:
        tensor = tensors[name].detach().contiguous()
        return (tensor.view(torch.int16) if tensor.dtype is torch.bfloat16 else tensor).numpy()

    write(target, forms, array)


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
    text = (str(problem).strip().splitlines() or [type(problem).__name__])[0]
    for begin in ("Weights only load failed", "Cannot use ``weights_only=True`` with files saved in the legacy .tar"):
        if text.startswith(begin):
            lines = [line.strip() for line in str(problem).splitlines() if "WeightsUnpickler error" in line]
            return (
                lines[0].removeprefix("WeightsUnpickler error: ") if lines else "it is of a format before PyTorch 0.2"
            )
    return text


def _tensors(found: Any, prefix: str = "", deep: int = 0) -> Iterator[tuple[str, Any]]:
    """Tensors by name, of inner dictionaries too; numbers as keys are those of an optimizer's state."""
    import torch

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
    whole = next((type(one).stands_for for one in inner if isinstance(one, _Stub)), None)  # type: ignore[attr-defined] -- every stub has it
    return f"it holds an object of `{whole}`: save its state_dict() instead" if whole else ""


def _sound(tensors: dict[str, Any], source: Path) -> None:
    """Raises Refused where tensors are not plain numbers, or far more of them than the file has bytes."""
    import torch

    for name, tensor in tensors.items():
        if tensor.is_quantized:
            raise Refused(f"`{name}` is quantised ({tensor.dtype})", "save the weights before they are quantised")
        if tensor.layout is not torch.strided or tensor.device.type != "cpu":
            raise Refused(f"`{name}` is no plain tensor (layout {tensor.layout}, device {tensor.device.type})")
    total = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
    if total > _TIMES * source.stat().st_size + 2**16:
        raise Refused(f"its tensors would have {total:,} bytes, many times more than the file")


def main(source: str, target: str, seconds: str) -> int:
    """Converts within the limits; says in JSON why not."""
    memory = _BYTES + _COPIES * Path(source).stat().st_size
    Limits(memory, int(seconds), int(seconds)).held()
    try:
        convert(Path(source), Path(target))
    except Refused as problem:
        print(json.dumps({"why": str(problem), "help": problem.help}))
        return 1
    except VitError as problem:
        print(json.dumps({"why": problem.diagnostics[0].message, "help": "TMPDIR names another temporary folder"}))
        return 1
    except MemoryError:
        print(json.dumps({"why": "it needs more memory than is allowed", "help": ""}))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
