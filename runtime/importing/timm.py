"""Sheets of timm's config.json: a model of the zoo with what `model_args` change, and how its pictures are prepared."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ...compiler.elaborate import elaborate, settable
from ...compiler.elaborate.bundled import SPECS
from ...compiler.elaborate.library import load, loads
from ...compiler.ir.program import Program
from ...grammar.values import number
from ..sections.input import SMALLEST_CROP, STATISTICS, Input
from . import class_names
from .sheet import Asked, Sheet, literal, refused, statistics, unsayable, valid

Side = Annotated[int, Field(ge=1, le=65536, strict=True)]
#: What timm takes where a configuration does not say (`resolve_data_config`).
TIMM: dict[str, Any] = {"mean": STATISTICS["imagenet"][0], "std": STATISTICS["imagenet"][1], "interpolation": "bicubic",
                        "crop_pct": 0.875, "crop_mode": "center"}  # fmt: skip


class Pretrained(BaseModel):
    """`pretrained_cfg`: what belongs to the checkpoint."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    input_size: tuple[Side, Side, Side] | None = None
    interpolation: Literal["bicubic", "bilinear", "nearest", "lanczos"] | None = None
    crop_pct: Annotated[float, Field(ge=SMALLEST_CROP, le=1)] | None = None
    crop_mode: Literal["center", "squash", "border"] | None = None
    mean: Annotated[list[Annotated[float, Field(ge=0, le=1)]], Field(min_length=1, max_length=64)] | None = None
    std: Annotated[list[Annotated[float, Field(gt=0, le=1)]], Field(min_length=1, max_length=64)] | None = None
    num_classes: Annotated[int, Field(ge=0, le=10_000_000, strict=True)] | None = None


class Config(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="ignore", frozen=True, protected_namespaces=())

    architecture: str
    num_classes: Annotated[int, Field(ge=0, le=10_000_000, strict=True)] | None = None
    model_args: dict[str, Any] = Field(default_factory=dict[str, Any])


def _whole(value: Any) -> str:
    if type(value) is not int or not 0 <= value <= 10_000_000:
        raise ValueError
    return str(value)


def _patch(value: Any) -> str:
    """A side, or height and width."""
    if not isinstance(value, (list, tuple)):
        return _whole(value)
    height, width = map(_whole, value)  # type: ignore[reportUnknownArgumentType] -- of any kind
    return height if height == width else f"{height}x{width}"


def _flag(value: Any) -> str:
    if not isinstance(value, bool):
        raise ValueError
    return str(value).lower()


def _real(value: Any) -> str:
    if type(value) not in (int, float) or not 0 <= value <= 1e6:
        raise ValueError
    return number(float(value))


def _classes(value: Any) -> str:
    return "none" if value == 0 else _whole(value)


def _pool(value: Any) -> str:
    return {"token": "token", "avg": "mean", "max": "max", "avgmax": "mean_max", "map": "map", "": "none"}[value]


def _act(value: Any) -> str:
    return {"gelu": "gelu", "gelu_tanh": "gelu_tanh", "quick_gelu": "quick_gelu", "silu": "silu", "relu": "relu"}[value]


def _chosen(yes: str, no: str) -> Callable[[Any], str]:
    """What a truth value is written as."""
    return lambda value: {"true": yes, "false": no}[_flag(value)]


#: Arguments of timm's constructors: the paths of ours, and how the value is written.
ARGUMENTS: dict[str, tuple[tuple[str, ...], Callable[[Any], str]]] = {
    "patch_size": (("patch",), _patch),
    "embed_dim": (("dim",), _whole),
    "depth": (("depth",), _whole),
    "num_heads": (("heads",), _whole),
    "num_classes": (("classes",), _classes),
    "global_pool": (("pool",), _pool),
    "init_values": (("layer.scale",), lambda v: "none" if v is None else _real(v)),
    "class_token": (("cls_token",), _chosen("weight([1, 1, dim], normal(1e-06))", "none")),
    "reg_tokens": (("registers",), _whole),
    "num_reg_tokens": (("registers",), _whole),
    "no_embed_class": (("pos",), _chosen("patches", "learned")),
    "qkv_bias": (("attn.qkv.bias",), _flag),
    "proj_bias": (("attn.proj.bias", "mlp.bias"), _flag),
    "qkv_fused": (("attn.fused",), _flag),
    "pre_norm": (("norm_pre",), _chosen("norm", "identity")),
    "use_pre_transformer_norm": (("norm_pre",), _chosen("norm", "identity")),
    "final_norm": (("final_norm",), _chosen("", "none")),
    "fc_norm": (("final_norm",), _chosen("pooled", "tokens")),
    "use_fc_norm": (("final_norm",), _chosen("pooled", "tokens")),
    "pool_include_prefix": (("skip",), _chosen("0", "")),
    "act_layer": (("mlp.act",), _act),
    "drop_path_rate": (("drop_path",), _real),
    "drop_rate": (("head_drop.rate",), _real),
    "pos_drop_rate": (("pos_drop.rate",), _real),
    "attn_drop_rate": (("attn.attn_drop",), _real),
    "proj_drop_rate": (("attn.drop", "mlp.drop"), _real),
}
#: What timm pools by in the architectures whose sheet has no parameter for it: the only way there is.
FIXED_POOLS = {
    name: pool
    for pool, architectures in {
        "token": "deit_tiny_distilled_patch16_224 deit_small_distilled_patch16_224 deit_base_distilled_patch16_224 "
        "deit_base_distilled_patch16_384",
        "avg": "samvit_base_patch16 samvit_base_patch16_224 samvit_large_patch16 samvit_huge_patch16 deepseek_vit_412m "
        "deepseek_vit_412m_align gemma4_vit_167m gemma4_vit_570m qwen3_vit_88m qwen3_vit_88m_merge qwen3_vit_306m "
        "qwen3_vit_306m_merge qwen3_vit_416m qwen3_vit_416m_merge",
        "align": "deepseek_vit_412m_enc",
        "merge": "qwen3_vit_88m_enc qwen3_vit_306m_enc qwen3_vit_416m_enc",
        "soft": "gemma4_vit_167m_enc gemma4_vit_570m_enc",
    }.items()
    for name in architectures.split()
}
#: Arguments that change nothing in a model of one size: how weights are drawn, and other sizes at run time.
WITHOUT_EFFECT = {
    "weight_init",
    "fix_init",
    "dynamic_img_size",
    "dynamic_img_pad",
    "strict_img_size",
    "head_init_scale",
}


def sheet(values: dict[str, Any], path: Path, asked: Asked, keys: Mapping[str, str] | None = None) -> Sheet:
    """`model NAME = ARCHITECTURE { … }`. `keys`: what the keys of timm are called in the file, where it is another's, which
    also says how pictures are prepared."""
    config = valid(Config, values, path)
    file = _zoo(config.architecture, path, (keys or {}).get("architecture", "architecture"))
    made = Sheet(asked.name, config.architecture, (f"zoo/{file.name}",))
    library = load(file)
    built = elaborate(library, config.architecture)
    base = {row.path: row.value for row in settable(library, config.architecture)}
    args = dict(config.model_args)
    cfg = _pretrained(values, path)
    own: tuple[int, int, int] = built.root.params["image"]
    size = _size(args.pop("img_size", None), cfg.input_size, args.pop("in_chans", None), own, path)
    classes = next(
        (n for n in (args.pop("num_classes", None), config.num_classes, cfg.num_classes) if n is not None), None
    )
    if size != own:
        made.entries["image"] = "x".join(map(str, size))
    if classes is not None and (classes or _at(base, "classes")):
        args["num_classes"] = classes
    made.entries |= _arguments(args, base, config.architecture, path, keys or {})
    if keys is None:
        _input(made, cfg, built, path)
    _labels(made, values, classes if classes is not None else built.root.params.get("classes"), path)
    return made


def _pretrained(values: dict[str, Any], path: Path) -> Pretrained:
    """What belongs to the checkpoint; an older file is itself what newer ones call `pretrained_cfg`."""
    if "pretrained_cfg" not in values:
        return valid(Pretrained, values, path)
    given: Any = values["pretrained_cfg"]
    if not isinstance(given, dict):
        raise refused(path, "pretrained_cfg", given, "it is a mapping")
    return valid(Pretrained, given, path, "pretrained_cfg.")  # type: ignore[reportUnknownArgumentType] -- of any kind


def program(made: Sheet) -> Program:
    """The program of a sheet in the making."""
    return elaborate(loads(made.text()), made.name)


def size_of(made: Sheet) -> tuple[int, int]:
    """Height and width of its pictures."""
    height, width, _ = program(made).root.params["image"]
    return height, width


def _zoo(architecture: str, path: Path, key: str) -> Path:
    for file in sorted((SPECS / "zoo").glob("*.vit")):
        lines = file.read_text(encoding="utf-8").splitlines()
        if any(line.startswith("model ") and line.split()[1] == architecture for line in lines):
            return file
    raise refused(path, key, architecture, "the zoo has no such model; docs/zoo.md lists those it has")


def _labels(made: Sheet, values: Mapping[str, Any], outputs: int | None, path: Path) -> None:
    """`label_names` of the file or of its `pretrained_cfg`, and what `label_descriptions` display for them."""
    cfg: Any = values.get("pretrained_cfg")
    inner: dict[str, Any] = cfg if isinstance(cfg, dict) else {}  # type: ignore[reportUnknownVariableType] -- of any kind
    for above, mapping in (("", values), ("pretrained_cfg.", inner)):
        given, described = mapping.get("label_names"), mapping.get("label_descriptions")
        if given is None:
            continue
        found = class_names.numbered(given, path, f"{above}label_names")
        class_names.put(made, found, outputs, f"{above}label_names")
        if described is not None:
            made.labels = _described(made.classes, described, path, f"{above}label_descriptions")
        return


def _described(classes: tuple[str, ...], given: Any, path: Path, key: str) -> dict[str, str]:
    """What is displayed for the classes; descriptions of other names are passed over."""
    if not isinstance(given, dict):
        raise refused(path, key, given, "it is a mapping from names to texts")
    found: dict[str, str] = {}
    for name in classes:
        text: Any = given.get(name, name)  # type: ignore[reportUnknownMemberType] -- of any kind
        if not isinstance(text, str) or not text:
            raise refused(path, f"{key}.{name}", text, "it is a text")
        if text != name:
            found[name] = literal(text, path, f"{key}.{name}")
    return found


def _size(
    asked: Any, checkpoint: tuple[int, int, int] | None, channels: Any, own: tuple[int, int, int], path: Path
) -> tuple[int, int, int]:
    """Height, width, channels: of the arguments, else of the checkpoint, else of the sheet."""
    height, width, depth = own
    if checkpoint is not None:
        depth, height, width = checkpoint
    match asked:
        case None:
            pass
        case int() if type(asked) is int and 1 <= asked <= 65536:
            height = width = asked
        case [int(), int()] if bool not in map(type, asked) and min(asked) >= 1 and max(asked) <= 65536:
            height, width = asked
        case _:
            raise refused(path, "model_args.img_size", asked, "it is a side, or height and width")
    if channels is not None and (type(channels) is not int or not 1 <= channels <= 65536):
        raise refused(path, "model_args.in_chans", channels, "it is a number of channels")
    return height, width, depth if channels is None else channels


def _arguments(
    args: dict[str, Any], base: Mapping[str, str | None], architecture: str, path: Path, keys: Mapping[str, str]
) -> dict[str, str]:
    entries: dict[str, str] = {}
    for name, value in args.items():
        key = f"model_args.{name}"
        key = keys.get(key, key)
        if name in WITHOUT_EFFECT or name == "mlp_ratio" or (name in _NORMS and value is None):
            continue
        paths, written = ARGUMENTS.get(name, ((), _flag))
        if name == "global_pool" and value is not None and value == FIXED_POOLS.get(architecture):
            continue
        found = [_at(base, one) for one in paths if not (name == "qkv_bias" and _at(base, "attn.bias"))]
        if paths and (not found or None in found):
            raise refused(path, key, value, f"the sheet of {architecture} has no such parameter")
        try:
            text = written(value)
        except (ValueError, KeyError, TypeError):
            raise refused(path, key, value, f"there is no rule for it in {architecture}") from None
        if not paths:
            raise refused(path, key, value, f"there is no rule for it in {architecture}")
        for at, usual in filter(None, found):
            alike = (text == "none") == (usual == "none") if name == "class_token" else text == usual
            if text and (name in _NORMS or not alike) and not (name == "no_embed_class" and usual == "none"):
                entries[at] = text
    if args.get("final_norm") is False:
        entries["final_norm"] = "none"
    return entries | _hidden(args, base, architecture, path)


#: They say the same of one norm, which is `final_norm` here and by itself follows the pooling.
_NORMS = ("final_norm", "fc_norm", "use_fc_norm")


def _at(base: Mapping[str, str | None], path: str) -> tuple[str, str | None] | None:
    """The path in the model of the zoo that a path of its block is, and the value it has there: that of the layers that were
    made, where the parameter alone does not say it."""
    for above in ("", "encoder."):
        known = [above + name for name in (path, f"blocks.{path}", f"blocks.{path.removeprefix('layer.')}")]
        values = [base[name] for name in known if name in base]
        if values and above + path.partition(".")[0] in base:
            return above + path, next((value for value in values if value is not None), None)
    return None


def _hidden(args: Mapping[str, Any], base: Mapping[str, str | None], architecture: str, path: Path) -> dict[str, str]:
    """Channels of the MLP: timm keeps their ratio to the width, a sheet of the zoo may say their number.

    From a number the ratio is known up to what rounding down took away; V0713 where that leaves a choice.
    """
    ratio = args.get("mlp_ratio")
    width, known = (
        _at(base, "dim"),
        next(filter(None, (_at(base, one) for one in ("mlp.hidden", "layer.hidden", "hidden"))), None),
    )
    dim = args.get("embed_dim", width and int(width[1] or 0))
    if not known or not width or type(dim) is not int or (ratio is None and "embed_dim" not in args):
        if ratio is not None:
            raise refused(path, "model_args.mlp_ratio", ratio, f"there is no rule for it in {architecture}")
        return {}
    usual, base_dim = int(known[1] or 0), int(width[1] or 0)
    if ratio is not None:
        if type(ratio) not in (int, float) or not 0 < ratio <= 100:
            raise refused(path, "model_args.mlp_ratio", ratio, "it is a number above 0")
        hidden = int(dim * ratio)
    elif usual == 4 * base_dim:
        return {}
    else:
        least, most = dim * usual // base_dim, (dim * (usual + 1) - 1) // base_dim
        if least != most:
            raise refused(path, "model_args.embed_dim", dim, f"the MLP then has {least} to {most} channels, by the ratio of "
                          f"{architecture} that its sheet does not say", "say model_args.mlp_ratio")  # fmt: skip
        hidden = least
    return {} if hidden == usual and "embed_dim" not in args else {known[0]: str(hidden)}


def _input(made: Sheet, cfg: Pretrained, base: Program, path: Path) -> None:
    """How timm prepares pictures for this checkpoint, where the sheet of the zoo says otherwise. What the file lacks is what
    timm takes then (`timm.data.resolve_data_config`)."""
    lacking = [name for name in TIMM if getattr(cfg, name) is None and name != "crop_mode"]  # which most leave out
    if lacking:
        taken = ", ".join(f"{name} = {TIMM[name]}" for name in lacking)
        made.notes.append(f"pretrained_cfg lacks {', '.join(lacking)}; timm takes {taken}")
    mean, std, interpolation, crop_pct, crop_mode = (
        getattr(cfg, name) if getattr(cfg, name) is not None else default for name, default in TIMM.items()
    )
    channels = int(made.entries.get("image", f"x{base.root.params['image'][2]}").rpartition("x")[2])
    for name, values in (("mean", mean), ("std", std)):
        if len(values) not in (1, channels) and len(set(values)) > 1:
            raise unsayable(path, f"pretrained_cfg.{name} has {len(values)} values for {channels} channels")
    wanted = {**statistics(mean, std), "interpolation": interpolation, "crop": number(crop_pct), "crop_mode": crop_mode}
    theirs = Input.of(base)
    stated = {**statistics(theirs.mean or (), theirs.std or ()), "interpolation": theirs.interpolation,
              "crop": number(theirs.crop or 1.0), "crop_mode": theirs.crop_mode or "center"}  # fmt: skip
    made.input = {name: value for name, value in wanted.items() if stated[name] != value}
