"""Weights in files: safetensors and npz. Names, shapes and types are checked from the headers, before any tensor is read."""

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ...compiler.ir.program import WeightSpec
from ...compiler.ops.base import Array
from ...grammar.diagnostics import VitError, error

#: Element types that become float32 without a word; anything else is refused for a float tensor.
FLOATS = ("F64", "F32", "F16")
#: Findings of one kind that are listed by name.
LISTED = 8


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
        if name not in self.headers:
            raise KeyError(name)
        if self.path.suffix == ".npz":
            with np.load(self.path, allow_pickle=False) as file:
                array = file[name]
        else:
            import safetensors

            with safetensors.safe_open(self.path, framework="numpy") as file:
                array = file.get_tensor(name)
        return array.astype(np.float32) if array.dtype.kind == "f" else array

    def __iter__(self) -> Iterator[str]:
        return iter(self.headers)

    def __len__(self) -> int:
        return len(self.headers)


def read(path: Path, specs: Mapping[str, WeightSpec]) -> Stored:
    """The weights of a model from a file; every tensor that is missing, not expected or of another shape is named."""
    if not path.is_file():
        raise error("V0701", f"there is no file of weights `{path}`", exit_status=3)
    stored = Stored(path)
    findings = _compared(stored.headers, specs)
    if findings:
        first = next(iter(findings))
        text = "; ".join(f"{what}: {_listed(names)}" for what, names in findings.items())
        codes = {"missing": "V0703", "not expected": "V0704", "of another shape": "V0705", "of another type": "V0706"}
        message = f"`{path}` does not hold the weights of this model: {text}"
        raise error(codes[first], message, exit_status=3)
    return stored


def save(path: Path, weights: Mapping[str, Array]) -> None:
    """Writes a safetensors file; the same weights give the same bytes."""
    from safetensors.numpy import save_file

    save_file({name: weights[name] for name in weights}, path)


def _compared(headers: Mapping[str, Header], specs: Mapping[str, WeightSpec]) -> dict[str, list[str]]:
    both = [name for name in specs if name in headers]
    shapes = [(n, headers[n].shape, specs[n].shape) for n in both if headers[n].shape != specs[n].shape]
    found = {
        "missing": [name for name in specs if name not in headers],
        "not expected": [name for name in headers if name not in specs],
        "of another shape": [f"{n} {list(theirs)} for {list(ours)}" for n, theirs, ours in shapes],
        "of another type": [f"{n} {headers[n].dtype}" for n in both if not _fits(headers[n].dtype, specs[n])],
    }
    return {what: names for what, names in found.items() if names}


def _fits(dtype: str, spec: WeightSpec) -> bool:
    return dtype in (FLOATS if spec.dtype == "float" else ("I64", "BOOL"))


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:LISTED])
    return shown if len(names) <= LISTED else f"{shown} and {len(names) - LISTED} more"


def _safetensors(path: Path) -> dict[str, Header]:
    import safetensors

    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            return {name: _header(file.get_slice(name)) for name in file.keys()}  # noqa: SIM118 -- not a mapping
    except (safetensors.SafetensorError, OSError, ValueError) as problem:
        raise _unreadable(path, str(problem)) from None


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
                    raise _unreadable(path, f"`{entry}` holds Python objects, which are never loaded")
                found[entry.removesuffix(".npy")] = Header(tuple(shape), names.get(str(dtype), str(dtype)))
    except (zipfile.BadZipFile, OSError, ValueError, EOFError) as problem:
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
