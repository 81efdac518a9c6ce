"""From a path to its tensors: a file of any kind, a folder, or the shards that an index names."""

import json
import os
from pathlib import Path
from typing import Any, cast

from ...diagnostics import error
from ...diagnostics.source import Span
from .files import Joined, Stored, Tensors
from .kinds import LARGEST_INDEX, Kind, kind, unreadable
from .pickled import unpickled

#: What stands in a folder, the first that is there: the names of transformers, timm and vitc, and those of open_clip.
USUAL = (("model.safetensors", "model.safetensors.index.json"), ("pytorch_model.bin", "pytorch_model.bin.index.json"))
OPEN_CLIP = (("open_clip_model.safetensors",), ("open_clip_pytorch_model.bin",))
_EVERY = (USUAL[0], OPEN_CLIP[0], USUAL[1], OPEN_CLIP[1])
#: Suffixes of files that may be weights, where a folder has none of those names.
_SUFFIXES = (".safetensors", ".npz", ".bin", ".pt", ".pth", ".ckpt", ".tar")


def opened(path: Path, *, trust: bool = False, span: Span | None = None) -> Tensors:
    """The tensors that a path leads to; no tensor is read yet.

    `trust` lets pickles be read, in a process of their own. `span` is where a spec names the path. Raises V0701 and V0702
    for what is not there or no weights, V0712 for a pickle without trust, V0718 for a folder or an index that does not
    say which files are meant.
    """
    if os.path.isdir(path):
        path = _in_folder(path, span)
    match kind(path, span):
        case Kind.index:
            return _sharded(path, trust, span)
        case Kind.pickle:
            return unpickled(path, trust=trust, span=span)
        case _:
            return Stored(path)


def _in_folder(folder: Path, span: Span | None) -> Path:
    """The file of weights in a folder, where it is clear which one."""
    path = usual(folder, _EVERY, span)
    if path is not None:
        return path
    try:
        found = candidates(folder)
    except OSError as problem:
        raise error("V0701", f"`{folder}` can't be read: {problem.strerror}", span) from None
    if len(found) == 1:
        return found[0]
    if found:
        raise _several(folder, found, span)
    exported = folder / "export" / "model.safetensors"
    help = f"the weights of this run are in `{exported}`" if exported.is_file() else "give the file of weights itself"
    raise error("V0701", f"there is no file of weights in the folder `{folder}`", span, help=help)


def usual(folder: Path, names: tuple[tuple[str, ...], ...], span: Span | None = None) -> Path | None:
    """The first of these files that a folder holds; raises V0718 where it holds two of one group."""
    for group in names:
        found = [folder / name for name in group if os.path.isfile(folder / name)]
        if len(found) > 1:
            raise _several(folder, found, span)
        if found:
            return found[0]
    return None


def candidates(folder: Path) -> list[Path]:
    """The files in a folder that may be weights, by their suffixes."""
    entries = sorted(entry for entry in folder.iterdir() if entry.is_file())
    return [entry for entry in entries if entry.suffix in _SUFFIXES or entry.name.endswith(".index.json")]


def _several(folder: Path, found: list[Path], span: Span | None) -> Exception:
    names = ", ".join(f"`{path.name}`" for path in found[:12]) + (" and more" if len(found) > 12 else "")
    return error("V0718", f"`{folder}` holds several files of weights: {names}", span,
                 help="give one of them instead of the folder")  # fmt: skip


def _sharded(index: Path, trust: bool, span: Span | None) -> Joined:
    """The shards that `weight_map` names, each name in the shard where it says; raises V0718 where that is not so."""

    def refuse(why: str, help: str = "") -> Exception:
        return error("V0718", f"`{index}` does not fit its shards: {why}", span, help=help)

    where = _weight_map(index, span)
    files = sorted(set(where.values()))
    for name in files:
        _inside(index, name, refuse)
    missing = [name for name in files if not os.path.isfile(index.parent / name)]
    if missing:
        raise refuse(f"{len(missing)} of {len(files)} are missing: {', '.join(f'`{name}`' for name in missing[:12])}",
                     "fetch all shards into the folder of the index")  # fmt: skip
    again = next((name for name in files if kind(index.parent / name, span) is Kind.index), None)
    if again is not None:
        raise refuse(f"`{again}` is an index itself")
    shards = {name: opened(index.parent / name, trust=trust, span=span) for name in files}
    for name, shard in shards.items():
        strange = next((tensor for tensor in shard if where.get(tensor) != name), None)
        if strange is not None:
            says = f"in `{where[strange]}`" if strange in where else "nowhere"
            raise refuse(f"`{strange}` is in `{name}`, the index has it {says}")
    lacking = next((tensor for tensor, name in where.items() if tensor not in shards[name]), None)
    if lacking is not None:
        raise refuse(f"`{lacking}` is not in `{where[lacking]}`")
    return Joined(f"`{index}`", (index, *(index.parent / name for name in files)), list(shards.values()))


def _weight_map(index: Path, span: Span | None) -> dict[str, str]:
    try:
        if index.stat().st_size > LARGEST_INDEX:
            raise ValueError(f"it has more than {LARGEST_INDEX:,} bytes")
        found: Any = json.loads(index.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as problem:
        raise unreadable(index, str(problem), span=span) from None
    where = cast("dict[str, Any]", found).get("weight_map") if isinstance(found, dict) else None
    if not isinstance(where, dict) or not where:
        raise unreadable(index, "it is JSON without a `weight_map`", "give the file of weights itself", span)
    return {name: str(file) for name, file in cast("dict[str, Any]", where).items()}


def _inside(index: Path, name: str, refuse: Any) -> None:
    """A shard stands beside the index: no path, no link that leads elsewhere. The cache of the Hugging Face hub is made
    of links from `snapshots/REVISION` to `blobs` beside `snapshots`; these are followed."""
    if name in ("", ".", "..") or "/" in name or "\\" in name or "\0" in name:
        raise refuse(f"`{name}` is no file name in its folder")
    folder = index.parent.resolve()
    target = Path(os.path.realpath(folder / name))
    blobs = folder.parent.parent / "blobs" if folder.parent.name == "snapshots" else folder
    if target.parent not in (folder, blobs):
        raise refuse(f"`{name}` is a link that leads out of its folder")
