"""The section `train`."""

from typing import Any, ClassVar

from pydantic import Field

from .values import Picked, Strict, one_of, pick, word

_HERE = "vitc.runtime.training"
_AUGMENTATIONS = ("randaugment", "mixup", "cutmix", "random_erasing", "autoaugment", "trivial_augment", "color_jitter")


def _default(kind: str, name: str) -> Any:
    return lambda: pick(f"{_HERE}.{kind}", (), name)


class Train(Strict):
    """`clip`: the largest norm of all gradients together. `no_decay`: weights by name (`{i}` is any number) that weight decay
    leaves alone, besides all of one axis. `keep`: the weights of the last epoch, or the best on the validation part."""

    LATER: ClassVar[tuple[str, ...]] = ("ema", "accumulate", "layer_decay", "distill", "freeze", "workers", "compile")

    epochs: int = Field(10, ge=1, le=1_000_000)
    batch: int = Field(64, ge=1, le=1_000_000)
    optimizer: one_of(f"{_HERE}.optimizers", ("lamb", "lion", "muon", "adam", "rmsprop")) = Field(
        default_factory=_default("optimizers", "adamw")
    )  # type: ignore[valid-type]
    schedule: one_of(f"{_HERE}.schedules", ("step", "linear", "plateau")) = Field(
        default_factory=_default("schedules", "cosine")
    )  # type: ignore[valid-type]
    criterion: one_of(f"{_HERE}.criteria", ("soft_cross_entropy", "distillation")) = Field(
        default_factory=_default("criteria", "cross_entropy")
    )  # type: ignore[valid-type]
    augment: list[one_of(f"{_HERE}.augmentations", _AUGMENTATIONS)] = Field(default_factory=list[Picked])  # type: ignore[valid-type]
    precision: word("fp32", "bf16", later=("fp16", "fp8")) = "fp32"  # type: ignore[valid-type]
    clip: float | None = Field(None, gt=0)
    no_decay: list[str] = Field(default_factory=list[str])
    keep: word("last", "best", later=("ema",)) = "last"  # type: ignore[valid-type]
    seed: int = Field(0, ge=0, lt=2**63)
