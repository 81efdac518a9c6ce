"""Sheets of timm's config.json: a model of the zoo with what `model_args` change, and how its pictures are prepared."""

from collections.abc import Callable, Mapping
from math import floor
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ...compiler.elaborate import elaborate
from ...compiler.elaborate.library import SPECS, load
from ...grammar.suggest import suggestion
from .sheet import Asked, Sheet, number, unsayable, valid

Side = Annotated[int, Field(ge=1, le=65536, strict=True)]
Statistic = list[Annotated[float, Field(ge=-1e3, le=1e3)]]


class Pretrained(BaseModel):
    """`pretrained_cfg`: what belongs to the checkpoint."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    input_size: tuple[Side, Side, Side] | None = None
    interpolation: Literal["bicubic", "bilinear", "nearest", "lanczos"] | None = None
    crop_pct: Annotated[float, Field(gt=0.01, le=4)] | None = None
    crop_mode: Literal["center", "squash", "border"] | None = None
    mean: Statistic | None = None
    std: list[Annotated[float, Field(gt=0, le=1e3)]] | None = None
    num_classes: int | None = None


class Config(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="ignore", frozen=True, protected_namespaces=())

    architecture: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,100}$")]
    num_classes: Annotated[int, Field(ge=0, le=10_000_000)] | None = None
    model_args: dict[str, Any] = Field(default_factory=dict[str, Any])
    pretrained_cfg: Pretrained = Pretrained()


def _whole(value: Any) -> str:
    if type(value) is not int or not 0 <= value <= 10_000_000:
        raise ValueError
    return str(value)


def _flag(value: Any) -> str:
    if not isinstance(value, bool):
        raise ValueError
    return str(value).lower()


def _real(value: Any) -> str:
    if type(value) not in (int, float) or not 0 <= value <= 1e6:
        raise ValueError
    return number(float(value))


def _opposite(value: Any) -> str:
    return {"true": "false", "false": "true"}[_flag(value)]


def _classes(value: Any) -> str:
    return "none" if value == 0 else _whole(value)


def _pool(value: Any) -> str:
    return {"token": "token", "avg": "mean", "max": "max", "avgmax": "mean_max", "map": "map", "": "none"}[value]


def _act(value: Any) -> str:
    return {"gelu": "gelu", "gelu_tanh": "gelu_tanh", "quick_gelu": "quick_gelu", "silu": "silu", "relu": "relu"}[value]


#: Arguments of timm's constructors: the parameter of ours, and how its value is written.
ARGUMENTS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "patch_size": ("patch", _whole),
    "embed_dim": ("dim", _whole),
    "depth": ("depth", _whole),
    "num_heads": ("heads", _whole),
    "num_classes": ("classes", _classes),
    "global_pool": ("pool", _pool),
    "init_values": ("layer_scale", lambda v: "none" if v is None else _real(v)),
    "class_token": ("class_token", _flag),
    "reg_tokens": ("registers", _whole),
    "num_reg_tokens": ("registers", _whole),
    "no_embed_class": ("pos_prefix", _opposite),
    "qkv_bias": ("qkv_bias", _flag),
    "proj_bias": ("proj_bias", _flag),
    "qkv_fused": ("fused", _flag),
    "pre_norm": ("norm_pre", _flag),
    "use_pre_transformer_norm": ("norm_pre", _flag),
    "final_norm": ("final_norm", _flag),
    "fc_norm": ("fc_norm", _flag),
    "use_fc_norm": ("fc_norm", _flag),
    "pool_include_prefix": ("pool_prefix", _flag),
    "act_layer": ("act", _act),
    "drop_path_rate": ("drop_path", _real),
    "drop_rate": ("drop", _real),
    "pos_drop_rate": ("pos_drop", _real),
    "attn_drop_rate": ("attn_drop", _real),
    "proj_drop_rate": ("proj_drop", _real),
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


def sheet(values: dict[str, Any], path: Path, asked: Asked) -> Sheet:
    """`model NAME = ARCHITECTURE { … }`."""
    config = valid(Config, values, path)
    file = _zoo(config.architecture, path)
    made = Sheet(asked.name, config.architecture, (f"zoo/{file.name}",))
    base = elaborate(load(file), config.architecture).root.params
    args = dict(config.model_args)
    cfg = config.pretrained_cfg
    size = _size(args.pop("img_size", None), cfg.input_size, args.pop("in_chans", None), base, path)
    classes = next(
        (n for n in (args.pop("num_classes", None), config.num_classes, cfg.num_classes) if n is not None), None
    )
    if size != base["image"]:
        made.entries["image"] = "x".join(map(str, size))
    if classes is not None and (classes or None) != base.get("classes"):
        args["num_classes"] = classes
    made.entries |= _arguments(args, base, path)
    _data(made, cfg, size, path)
    return made


def _zoo(architecture: str, path: Path) -> Path:
    names: dict[str, Path] = {}
    for file in sorted((SPECS / "zoo").glob("*.vit")):
        lines = file.read_text(encoding="utf-8").splitlines()
        names |= {line.split()[1]: file for line in lines if line.startswith("model ")}
    if architecture not in names:
        raise unsayable(
            path, f"the zoo has no sheet for {architecture}; {suggestion(architecture, names)}".rstrip("; ")
        )
    return names[architecture]


def _size(
    asked: Any, checkpoint: tuple[int, int, int] | None, channels: Any, base: Mapping[str, Any], path: Path
) -> tuple[int, int, int]:
    """Height, width, channels: of the arguments, else of the checkpoint, else of the sheet."""
    height, width, depth = base["image"]
    if checkpoint is not None:
        depth, height, width = checkpoint
    match asked:
        case None:
            pass
        case int():
            height = width = asked
        case [int(), int()]:
            height, width = asked
        case _:
            raise unsayable(path, f"model_args.img_size is {str(asked)[:40]}")
    return height, width, channels if type(channels) is int else depth


def _arguments(args: dict[str, Any], base: Mapping[str, Any], path: Path) -> dict[str, str]:
    entries: dict[str, str] = {}
    for name, value in args.items():
        if name in WITHOUT_EFFECT:
            continue
        if name == "mlp_ratio" and "hidden" in base and type(value) in (int, float) and 0 < value <= 100:
            hidden = int(args.get("embed_dim", base["dim"]) * value)
            entries |= {} if hidden == base["hidden"] and "embed_dim" not in args else {"hidden": str(hidden)}
            continue
        ours, written = ARGUMENTS.get(name, ("", _flag))
        try:
            text = written(value)
        except (ValueError, KeyError, TypeError):
            text = ""
        if not ours or not text:
            raise unsayable(path, f"no rule for model_args.{name[:40]} = {str(value)[:40]!r}")
        if text != str(base.get(ours)).lower():
            entries[ours] = text
    return entries


def _data(made: Sheet, cfg: Pretrained, size: tuple[int, int, int], path: Path) -> None:
    """How timm prepares pictures for this checkpoint. A crop percentage is a size before the cut: floor(size / crop_pct)."""
    lacking = [name for name in ("mean", "std", "interpolation", "crop_pct") if getattr(cfg, name) is None]
    if lacking:
        made.notes.append(f"pretrained_cfg lacks {', '.join(lacking)}: no section data")
        return
    assert cfg.mean is not None and cfg.std is not None and cfg.interpolation is not None and cfg.crop_pct is not None
    rows, columns = (floor(side / cfg.crop_pct) for side in size[:2])
    made.data["resize"] = str(rows) if rows == columns else f"{rows}x{columns}"
    made.data["crop"] = str(size[0]) if size[0] == size[1] else f"{size[0]}x{size[1]}"
    if cfg.crop_mode not in (None, "center"):
        made.data["crop_mode"] = str(cfg.crop_mode)
    made.data["interpolation"] = cfg.interpolation
    made.prepare(cfg.mean, cfg.std)
