"""Weights in files: safetensors and npz. Names, shapes and types are checked from the headers, before any tensor is read."""

import json
import struct
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import EllipsisType
from typing import Any, NamedTuple

from ...compiler.ir.program import WeightSpec
from ...compiler.ops.base import Array, np
from ...grammar.diagnostics import VitError, error
from .writing import KINDS, Form, write

#: Element types that become float32 without a word; anything else is refused for a float tensor.
FLOATS = ("F64", "F32", "F16", "BF16")
#: Bytes of a header: a hundred thousand tensors fit in.
LARGEST_HEADER = 2**24


class Header(NamedTuple):
    """What a file says of a tensor; the type as safetensors writes it."""

    shape: tuple[int, ...]
    dtype: str


class Stored(Mapping[str, Array]):
    """The tensors of a file by name, each read when asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.headers = _npz(path) if path.suffix == ".npz" else _safetensors(path)

    def __getitem__(self, name: str) -> Array:
        return self._read(name, ...)

    def part(self, name: str, index: int) -> Array:
        """One slice along the first axis."""
        return self._read(name, index)

    def _read(self, name: str, index: int | EllipsisType) -> Array:
        if name not in self.headers:
            raise KeyError(name)
        array: Array
        if self.path.suffix == ".npz":
            with np.load(self.path, allow_pickle=False) as file:
                array = file[name][index]
        elif self.headers[name].dtype == "BF16":
            array = _bfloat16(self.path, name, self.headers[name].shape)[index]
        else:
            import safetensors

            with safetensors.safe_open(self.path, framework="numpy") as file:  # type: ignore[reportUnknownVariableType] -- untyped
                array = file.get_slice(name)[index]  # type: ignore[reportUnknownMemberType] -- untyped
        return _narrowed(array)  # type: ignore[reportUnknownArgumentType] -- untyped above

    def __iter__(self) -> Iterator[str]:
        return iter(self.headers)

    def __len__(self) -> int:
        return len(self.headers)


def _narrowed(array: Array) -> Array:
    return array.astype(np.float32, copy=False) if array.dtype.kind == "f" else array


def save(path: Path, weights: Mapping[str, Array], specs: Mapping[str, WeightSpec]) -> None:
    """Writes the tensors of a model; the same weights give the same bytes."""
    write(path, {name: Form(specs[name].shape, KINDS[specs[name].dtype]) for name in specs}, weights.__getitem__)


def _safetensors(path: Path) -> dict[str, Header]:
    import safetensors

    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
        if length > LARGEST_HEADER:
            raise ValueError(f"its header would have {length:,} bytes")
        with safetensors.safe_open(path, framework="numpy") as file:  # type: ignore[reportUnknownVariableType] -- untyped
            return {name: _header(file.get_slice(name)) for name in file.keys()}  # type: ignore  # noqa: SIM118 -- untyped, not a mapping
    except (safetensors.SafetensorError, OSError, ValueError) as problem:
        raise _unreadable(path, str(problem)) from None


def _bfloat16(path: Path, name: str, shape: tuple[int, ...]) -> Array:
    """numpy has no such type: its bits are the upper half of a float32. The header was checked when the file was opened."""
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        start, end = json.loads(file.read(length))[name]["data_offsets"]
        file.seek(8 + length + start)
        bits = np.frombuffer(file.read(end - start), "<u2")
    return (bits.astype(np.uint32) << 16).view(np.float32).reshape(shape)


def _header(part: Any) -> Header:
    return Header(tuple(part.get_shape()), part.get_dtype())


def _npz(path: Path) -> dict[str, Header]:
    """Headers of the arrays in a zip; objects, which only pickle could read, are refused."""
    names = {"float64": "F64", "float32": "F32", "float16": "F16", "int64": "I64", "bool": "BOOL"}
    found: dict[str, Header] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.namelist():
                with archive.open(entry) as file:
                    version = np.lib.format.read_magic(file)
                    read_header = (
                        np.lib.format.read_array_header_1_0
                        if version == (1, 0)
                        else np.lib.format.read_array_header_2_0
                    )
                    shape, _, dtype = read_header(file)
                if dtype.hasobject:
                    raise ValueError(f"`{entry}` holds Python objects, which are never loaded")
                name = entry.removesuffix(".npy")
                if name in found:
                    raise ValueError(f"`{name}` stands in it twice")
                found[name] = Header(tuple(shape), names.get(str(dtype), str(dtype)))
    except Exception as problem:  # zip, its compressions and numpy's headers each have errors of their own
        raise _unreadable(path, str(problem)) from None
    return found


def _unreadable(path: Path, why: str) -> VitError:
    head = b""
    if path.is_file():
        with path.open("rb") as file:
            head = file.read(2)
    pickled = head[:1] == b"\x80" or (head == b"PK" and path.suffix != ".npz")
    help = (
        "it looks like a pickle, which could run code: save it as safetensors with the tool that made it"
        if pickled
        else ""
    )
    return error(
        "V0702", f"`{path}` can't be read as {path.suffix[1:] or 'safetensors'}: {why[:200]}", exit_status=3, help=help
    )
