"""A sheet from the shapes of weights alone: a plain ViT in any layout. What shapes can't tell is asked for."""

import re
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from ...compiler.elaborate import elaborate
from ...compiler.elaborate.library import loads
from ...diagnostics import error
from ...grammar.name_patterns import fill, match, matches
from ...grammar.values import number
from ..weights.files import Header, Tensors
from ..weights.findings import refused
from ..weights.layouts import Layout, Rule, layouts
from ..weights.matching import Choices, Model, plan, spelled
from .sheet import Asked, Sheet, unsayable

Shapes = dict[str, tuple[int, ...]]
ACTS = ("gelu", "gelu_tanh", "quick_gelu", "silu", "relu")
#: The axes of what is looked at.
_RANKS = {"patch_embed.proj.weight": 4, "blocks.0.attn.qkv.weight": 2, "blocks.0.mlp.fc1.weight": 2,
          "blocks.0.mlp.fc2.weight": 2, "pos_embed": 3, "reg_token": 3, "head.weight": 2}  # fmt: skip
_OPTIONAL = {"pos_embed", "reg_token", "head.weight"}
#: How people write a sheet.
_ORDER = ("image", "patch", "dim", "depth", "heads", "mlp.hidden", "mlp.act", "norm")
POOLS = ("token", "mean", "max", "mean_max", "token_mean", "map", "none")


#: Tensors of a file: a plain ViT of 1,000 blocks has 12,010. The layout is chosen by some of those outside of blocks and of
#: the first block.
_MOST, _SAMPLE = 20_000, 2_000
_LATER = re.compile(r"(?:\.|layer_|block_)[1-9]\d*[./]")


def sheet(tensors: Tensors, path: Path, asked: Asked) -> Sheet:
    """A sheet of std's `vit` whose weights are exactly those of the file; V0714 tells what else must be said."""
    headers = tensors.headers
    if len(headers) > _MOST:
        raise unsayable(path, f"it holds {len(headers):,} tensors; a plain ViT has fewer than {_MOST:,}")
    sample = dict(islice(((name, one) for name, one in headers.items() if not _LATER.search(name)), _SAMPLE))
    layout = max(layouts().values(), key=lambda one: _covered(one, ours(one, sample), sample))
    found = ours(layout, headers)
    if not _RANKS.keys() - _OPTIONAL <= found.keys():
        raise unsayable(path, "its names are not those of a plain ViT in any layout")
    odd = [name for name, rank in _RANKS.items() if len(found.get(name, range(rank))) != rank]
    if odd:
        raise unsayable(path, f"{odd[0]} has the shape {list(found[odd[0]])}, which is none of a ViT")
    entries = _told(found, path, asked) | _said(found, asked)
    after_pool = "fc_norm.weight" in found
    if after_pool != (entries["pool"] in ("mean", "max", "mean_max")) and "final_norm" not in entries:
        entries["final_norm"] = "pooled" if after_pool else "tokens"
    ordered = {
        name: entries[name] for name in sorted(entries, key=lambda n: _ORDER.index(n) if n in _ORDER else len(_ORDER))
    }
    made = Sheet(asked.name, "vit", entries=ordered, weights={"layout": layout.name})
    made.notes.append(f"the names are those of layout {layout.name}")
    if "layer.scale" in entries:
        made.notes.append("`layer.scale` is where training starts from; the weights hold what it became")
    _proven(made, path, layout, headers)
    return made


def ours(layout: Layout, headers: Mapping[str, Header]) -> Shapes:
    """The shapes of a file under our names."""
    actual = spelled(layout, headers)
    found: Shapes = {}
    for inner in actual:
        for rule in layout.tensors if not inner.startswith("/") else layout.top:
            stacked = rule.theirs[0].endswith("[i]")
            holes = match(rule.theirs[0].removesuffix("[i]"), inner.removeprefix("/"))
            if holes is None:
                continue
            shape = headers[actual[inner]].shape
            for index in range(min(shape[0], 10_000)) if stacked and shape else [None]:
                filled = holes if index is None else {**holes, "i": str(index)}
                found |= _shapes(rule, filled, shape[1:] if stacked else shape)
    if "norm.weight" in found:  # where one of theirs may be either
        found = {name: shape for name, shape in found.items() if not name.startswith("fc_norm.")}
    return found


def _shapes(rule: Rule, holes: Mapping[str, str], shape: tuple[int, ...]) -> Shapes:
    names = [fill(name, holes) for name in rule.ours]
    if rule.fold:
        return {names[0]: shape}
    try:
        shape = rule.axes.our_shape(shape, {}) if rule.axes is not None else shape
    except ValueError:
        return {}
    if len(rule.theirs) > 1:
        shape = (shape[0] * len(rule.theirs), *shape[1:])
    return dict.fromkeys(names, shape)


def _covered(layout: Layout, found: Shapes, headers: Mapping[str, Header]) -> int:
    """How many of the names that every plain ViT has, and how few strange ones."""
    usual = sum(matches(_USUAL, name) for name in found)
    return 1000 * usual - len(headers)


_USUAL = ("patch_embed.proj.{p}", "cls_token", "pos_embed", "norm.{p}", "head.{p}", *(
    f"blocks.{{i}}.{name}.{{p}}" for name in ("norm1", "attn.qkv", "attn.proj", "norm2", "mlp.fc1", "mlp.fc2")))  # fmt: skip


def _told(found: Shapes, path: Path, asked: Asked) -> dict[str, str]:
    """What shapes tell."""
    dim, channels, patch, other = found["patch_embed.proj.weight"]
    depth = 1 + max(int(m[1]) for name in found if (m := re.match(r"blocks\.(\d{1,9})\.", name)))
    prefix = ("cls_token" in found) + found.get("reg_token", (1, 0, dim))[1]
    hidden = found["blocks.0.mlp.fc1.weight"][0]
    if patch != other or found["blocks.0.mlp.fc2.weight"][1] != hidden:
        raise unsayable(path, "patches that are no squares, or an MLP that is not two plain layers")
    entries = {"patch": str(patch), "dim": str(dim), "depth": str(depth), "mlp.hidden": str(hidden)}
    entries |= {} if "cls_token" in found else {"cls_token": "none"}
    entries |= {"norm_pre": "norm"} if "norm_pre.weight" in found else {}
    biases = {"attn.qkv.bias": "attn.qkv", "attn.proj.bias": "attn.proj", "mlp.bias": "mlp.fc1"}
    entries |= {path: "false" for path, layer in biases.items() if f"blocks.0.{layer}.bias" not in found}
    entries |= {} if {"norm.weight", "fc_norm.weight"} & found.keys() else {"final_norm": "none"}
    if "reg_token" in found:
        entries["registers"] = str(found["reg_token"][1])
    if "blocks.0.ls1.gamma" in found:
        entries["layer.scale"] = "1e-5"
    entries["classes"] = str(found["head.weight"][0]) if "head.weight" in found else "none"
    return entries | _positions(found, patch, prefix, channels, asked, path)


def _positions(found: Shapes, patch: int, prefix: int, channels: int, asked: Asked, path: Path) -> dict[str, str]:
    """The size of pictures, and whether the tokens before the patches have positions too."""
    if asked.image is None:
        return {}
    entries = {"image": f"{asked.image[0]}x{asked.image[1]}x{channels}"}
    if "pos_embed" not in found:
        return {**entries, "pos": "none"}
    count, grid = found["pos_embed"][1], (asked.image[0] // patch) * (asked.image[1] // patch)
    if count not in (grid, grid + prefix):
        raise unsayable(path, f"{count} positions are not those of {grid} patches, with or without {prefix} more")
    return entries if count == grid + prefix else {**entries, "pos": "patches"}


def _said(found: Shapes, asked: Asked) -> dict[str, str]:
    """What only the one who has the weights knows."""
    pool = "map" if "attn_pool.latent" in found else asked.pool
    missing = {"image": asked.image, "heads": asked.heads, "eps (of the norms)": asked.eps, f"act ({', '.join(ACTS)})": asked.act,
               f"pool ({', '.join(POOLS)})": pool}  # fmt: skip
    if lacking := [name for name, value in missing.items() if value is None]:
        options = ", ".join(f"--{name.split()[0]}" for name in lacking)
        raise error("V0714", f"shapes can't tell {', '.join(lacking)}", help=f"say it with {options}")
    assert asked.eps is not None
    for name, value, allowed in (("act", asked.act, ACTS), ("pool", pool, POOLS)):
        if value not in allowed:
            raise error("V0714", f"--{name} takes {', '.join(allowed)}, not `{value}`")
    entries = {"heads": str(asked.heads), "norm": f"layernorm(eps = {number(asked.eps)})", "pool": str(pool)}
    return entries if asked.act == "gelu" else {**entries, "mlp.act": str(asked.act)}


def _proven(made: Sheet, path: Path, layout: Layout, headers: Mapping[str, Header]) -> None:
    """The sheet must want exactly what the file holds."""
    program = elaborate(loads(made.text()), made.name)
    model = Model.of(program)
    found = plan(layout, headers, model, Choices())
    if found.findings:
        raise refused(f"`{path}`", found.findings, model.specs, headers)
