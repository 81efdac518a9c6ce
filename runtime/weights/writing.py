"""Files of weights, written one tensor after the other, so that no more than one is in memory; whole or not at all."""

import json
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ...compiler.ops.base import Array, np
from ...diagnostics import error
from ..whole import whole


class Form(NamedTuple):
    """Shape and element type of a tensor that is to be written; the type as safetensors calls it."""

    shape: tuple[int, ...]
    dtype: str = "F32"


#: Kinds of tensors of a program as safetensors calls them, and these as numpy does; it has no bfloat16, whose bits pass as
#: integers.
KINDS = {"float": "F32", "int": "I64", "bool": "BOOL"}
DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<i2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1",
          "U8": "|u1", "BOOL": "|b1"}  # fmt: skip


def write(path: Path, forms: Mapping[str, Form], tensor: Callable[[str], Array]) -> None:
    """A .safetensors or .npz file of these tensors, each asked for once; the same tensors give the same bytes.

    Raises V0707 for another kind of file, and what `whole` raises; nothing is left behind then.
    """
    kinds = {".safetensors": _safetensors, ".npz": _npz}
    if path.suffix not in kinds:
        raise error("V0707", f"weights are written as .safetensors or .npz, not `{path.name}`")
    with whole(path) as file:
        kinds[path.suffix](file, forms, tensor)


def _safetensors(file: BinaryIO, forms: Mapping[str, Form], tensor: Callable[[str], Array]) -> None:
    """https://github.com/huggingface/safetensors#format: eight bytes of length, JSON, the numbers; wide ones first, so
    that all are aligned."""
    order = sorted(forms, key=lambda name: (-np.dtype(DTYPES[forms[name].dtype]).itemsize, name))
    header, end = dict[str, object](), 0
    for name in order:
        shape, dtype = forms[name]
        start, end = end, end + int(np.prod(shape, dtype=object)) * np.dtype(DTYPES[dtype]).itemsize
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [start, end]}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    file.write(struct.pack("<Q", len(text)) + text)
    for name in order:
        file.write(_checked(name, forms[name], tensor(name)).data)


def _npz(file: BinaryIO, forms: Mapping[str, Form], tensor: Callable[[str], Array]) -> None:
    """As `numpy.savez`, with the date of all entries fixed."""
    with zipfile.ZipFile(file, "w") as archive:
        for name in sorted(forms):
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, _checked(name, forms[name], tensor(name)), allow_pickle=False)


def _checked(name: str, form: Form, array: Array) -> Array:
    assert array.shape == form.shape, (name, array.shape, form.shape)
    return np.asarray(array, DTYPES[form.dtype], order="C")  # `ascontiguousarray` would make an axis of a scalar
