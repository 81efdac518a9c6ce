"""Weights in files: safetensors and npz. Names, shapes and types are checked from the headers, before any tensor is read."""

import json
import struct
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import EllipsisType
from typing import Any, NamedTuple

from ...compiler.ir.program import WeightSpec
from ...compiler.ops.base import Array, np
from .kinds import LARGEST_HEADER, unreadable
from .writing import KINDS, Form, write

#: Element types that become float32 without a word; anything else is refused for a float tensor.
FLOATS = ("F64", "F32", "F16", "BF16")


class Header(NamedTuple):
    """What a file says of a tensor; the type as safetensors writes it."""

    shape: tuple[int, ...]
    dtype: str


class Tensors(Mapping[str, Array], ABC):
    """Tensors by name, each read when asked for; floats are float32.

    `label` is what messages call them, `files` are the user's files they come from, `headers` what is known before reading.
    """

    label: str
    files: tuple[Path, ...]
    headers: Mapping[str, Header]

    @abstractmethod
    def read(self, name: str, index: int | EllipsisType) -> Array:
        """A tensor as it is stored, or one slice of it along the first axis."""

    def __getitem__(self, name: str) -> Array:
        if name not in self.headers:
            raise KeyError(name)
        return _narrowed(self.read(name, ...))

    def part(self, name: str, index: int) -> Array:
        """One slice along the first axis."""
        return _narrowed(self.read(name, index))

    def __iter__(self) -> Iterator[str]:
        return iter(self.headers)

    def __len__(self) -> int:
        return len(self.headers)


class Stored(Tensors):
    """The tensors of one safetensors or npz file; raises V0702 where its header does not hold."""

    def __init__(self, path: Path) -> None:
        self.path, self.label, self.files = path, f"`{path}`", (path,)
        self._zipped = path.suffix == ".npz" or _begins(path, b"PK\x03\x04")
        self.headers = _npz(path) if self._zipped else _safetensors(path)

    def read(self, name: str, index: int | EllipsisType) -> Array:
        """Reads from the file."""
        if self._zipped:
            with np.load(self.path, allow_pickle=False) as file:
                return file[name][index]
        if self.headers[name].dtype == "BF16":
            return _bfloat16(self.path, name, self.headers[name].shape)[index]
        import safetensors

        with safetensors.safe_open(self.path, framework="numpy") as file:  # type: ignore[reportUnknownVariableType] -- untyped
            return file.get_slice(name)[index]  # type: ignore[reportUnknownMemberType] -- untyped


class Joined(Tensors):
    """Several files as one, each name in one of them."""

    def __init__(self, label: str, files: tuple[Path, ...], shards: list[Tensors]) -> None:
        self.label, self.files = label, files
        self._owner = {name: shard for shard in shards for name in shard}
        self.headers = {name: shard.headers[name] for name, shard in self._owner.items()}

    def read(self, name: str, index: int | EllipsisType) -> Array:
        """Reads from the shard that holds it."""
        return self._owner[name].read(name, index)


class Part(Tensors):
    """Those tensors whose names begin with `prefix`, under what stands behind it, `without` those that begin otherwise."""

    def __init__(self, whole: Tensors, prefix: str, without: tuple[str, ...] = ()) -> None:
        self.whole, self.prefix, self.files = whole, prefix, whole.files
        self.label = f"{whole.label}, part `{prefix.removesuffix('.')}`," if prefix else whole.label
        self.headers = {
            name.removeprefix(prefix): header
            for name, header in whole.headers.items()
            if name.startswith(prefix) and not (without and name.startswith(without))
        }

    def read(self, name: str, index: int | EllipsisType) -> Array:
        """Reads it under its whole name."""
        return self.whole.read(self.prefix + name, index)


def _narrowed(array: Array) -> Array:
    """float32 of floats; a float64 beyond its range becomes infinite, which whoever reads looks for."""
    if array.dtype.kind != "f":
        return array
    with np.errstate(over="ignore"):
        return array.astype(np.float32, copy=False)


def save(path: Path, weights: Mapping[str, Array], specs: Mapping[str, WeightSpec]) -> None:
    """Writes the tensors of a model; the same weights give the same bytes."""
    write(path, {name: Form(specs[name].shape, KINDS[specs[name].dtype]) for name in specs}, weights.__getitem__)


def _begins(path: Path, magic: bytes) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(magic)) == magic
    except OSError as problem:
        raise unreadable(path, str(problem.strerror)) from None


def _safetensors(path: Path) -> dict[str, Header]:
    import safetensors

    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
        if length > LARGEST_HEADER:
            raise ValueError(f"its header would have {length:,} bytes")
        with safetensors.safe_open(path, framework="numpy") as file:  # type: ignore[reportUnknownVariableType] -- untyped
            return {name: _header(file.get_slice(name)) for name in file.keys()}  # type: ignore[reportUnknownVariableType]  # noqa: SIM118 -- untyped, not a mapping
    except (safetensors.SafetensorError, OSError, ValueError) as problem:
        raise unreadable(path, str(problem)) from None


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
                    raise ValueError(f"it holds two arrays `{name}`")
                found[name] = Header(tuple(shape), names.get(str(dtype), str(dtype)))
    except Exception as problem:  # zip, its compressions and numpy's headers each have errors of their own
        raise unreadable(path, str(problem)) from None
    return found
