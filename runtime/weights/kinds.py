"""What a file of weights is, told from its first bytes: suffixes lie (`.bin`, `.ckpt`, `.pth.tar`, none at all)."""

import json
import os
import zipfile
from enum import Enum
from pathlib import Path

from ...diagnostics import VitError, error
from ...diagnostics.source import Span


class Kind(Enum):
    """How a file is read. `index` is the JSON that says which shard holds which tensor."""

    safetensors = "safetensors"
    npz = "npz"
    pickle = "pickle"
    index = "index"


#: Bytes of a safetensors header: a hundred thousand tensors fit in.
LARGEST_HEADER = 2**24
#: Bytes of an index: as many names, each with its file.
LARGEST_INDEX = 2**26
#: First bytes of what is not read, with what it is and the way out.
_OTHERS = (
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself", "run `git lfs pull` in its repository"),
    (b"\x1f\x8b", "compressed by gzip", "unpack it first"),
    (b"BZh", "compressed by bzip2", "unpack it first"),
    (b"\xfd7zXZ", "compressed by xz", "unpack it first"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstandard", "unpack it first"),
    (b"7z\xbc\xaf", "a 7z archive", "unpack it first"),
    (b"Rar!", "a RAR archive", "unpack it first"),
    (b"\x89HDF", "HDF5, as Keras writes", "save the weights as safetensors"),
    (b"\x93NUMPY", "a single numpy array without a name", "save the arrays by name with numpy.savez"),
    (b"GGUF", "GGUF, as llama.cpp writes", "save the weights as safetensors"),
    (b"\x89PNG", "a picture", "give the file of weights"),
    (b"\xff\xd8\xff", "a picture", "give the file of weights"),
    (b"%PDF", "a PDF", "give the file of weights"),
)
_PAGES = (b"<!doctype", b"<html", b"<?xml", b"<head", b"<body")


def kind(path: Path, span: Span | None = None) -> Kind:
    """How to read a file; `span` is where a spec names it.

    Raises V0701 where there is no such file, V0702 for what is no file of weights, saying what it is.
    """
    if not os.path.isfile(path):  # false, too, where the system refuses to look
        raise error("V0701", f"there is no file of weights `{path}`", span)
    try:
        with path.open("rb") as file:
            head = file.read(512)
    except OSError as problem:
        raise unreadable(path, str(problem.strerror), span=span) from None
    if not head:
        raise unreadable(path, "it is empty (0 bytes)", "fetch or save it again", span)
    length = int.from_bytes(head[:8], "little")
    if head[8:9] == b"{" and length <= LARGEST_HEADER:
        return Kind.safetensors
    if head.startswith(b"PK\x03\x04"):
        return _zip(path, span)
    if head[0] == 0x80 and head[1:2] <= b"\x05":
        return Kind.pickle
    if head.startswith(b"{") and (path.name.endswith(".index.json") or _names_shards(path)):
        return Kind.index
    _refuse(path, head, span)
    return Kind.npz if path.suffix == ".npz" else Kind.safetensors  # whose reader says what is wrong


def _zip(path: Path, span: Span | None) -> Kind:
    """numpy and torch both write zip files."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        raise unreadable(path, "it is a zip file that is cut off or damaged", "fetch or save it again", span) from None
    if any(name.rpartition("/")[2] == "data.pkl" for name in names):
        if any(name.rpartition("/")[2] == "constants.pkl" for name in names):
            help = "save the state_dict() of the module; vitc's own weights are in model.safetensors beside model.ts"
            raise unreadable(path, "it is a TorchScript program", help, span)
        return Kind.pickle
    if names and all(name.endswith(".npy") for name in names):
        return Kind.npz
    raise unreadable(path, "it is a zip of other files", "unpack it first", span)


def _names_shards(path: Path) -> bool:
    try:
        found = json.loads(path.read_bytes()) if path.stat().st_size <= LARGEST_INDEX else None
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and "weight_map" in found


def _refuse(path: Path, head: bytes, span: Span | None) -> None:
    for magic, what, help in _OTHERS:
        if head.startswith(magic):
            raise unreadable(path, f"it is {what}", help, span)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(_PAGES):
        raise unreadable(path, "it is a web page", "the download gave a page of the site: fetch the file itself", span)
    if text.startswith(b"{"):
        raise unreadable(path, "it is JSON", "give the file of weights that belongs to it", span)
    if head[257:262] == b"ustar":
        raise unreadable(path, "it is a tar archive", "unpack it, or save the weights with a newer PyTorch", span)
    if len(head) > 8 and b"\0" not in head[:8] and head[:8].isascii() and head[:8].decode().isprintable():
        raise unreadable(
            path, "it is text", "give the file of weights", span
        )  # no header is as long as these bytes say


def unreadable(path: Path, why: str, help: str = "", span: Span | None = None) -> VitError:
    """V0702: a file that can't be read as what it is called."""
    named = {".npz": "npz", ".safetensors": "safetensors"}.get(path.suffix, "weights")
    return error("V0702", f"`{path}` can't be read as {named}: {why[:200]}", span, help=help)
