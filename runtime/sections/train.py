"""The section `train`."""

from collections.abc import Callable
from typing import Annotated, ClassVar

from pydantic import Field

from .values import Picked, Strict, one_of, pick, word

_HERE = "vitc.runtime.training"
_AUGMENTATIONS = ("randaugment", "mixup", "cutmix", "random_erasing", "autoaugment", "trivial_augment", "color_jitter")

Augmentation = Annotated[Picked, one_of(f"{_HERE}.augmentations", _AUGMENTATIONS)]


def _default(kind: str, name: str) -> Callable[[], Picked]:
    return lambda: pick(f"{_HERE}.{kind}", (), name)


class Train(Strict):
    """`clip`: the largest norm of all gradients together. `no_decay`: weights by name (`{i}` is any number) that weight decay
    leaves alone, besides all of one axis. `keep`: the weights of the last epoch, or the best on the validation part."""

    LATER: ClassVar[tuple[str, ...]] = ("ema", "accumulate", "layer_decay", "distill", "freeze", "workers", "compile")

    epochs: int = Field(10, ge=1, le=1_000_000)
    batch: int = Field(64, ge=1, le=1_000_000)
    optimizer: Annotated[Picked, one_of(f"{_HERE}.optimizers", ("lamb", "lion", "muon", "adam", "rmsprop"))] = Field(
        default_factory=_default("optimizers", "adamw")
    )
    schedule: Annotated[Picked, one_of(f"{_HERE}.schedules", ("step", "linear", "plateau"))] = Field(
        default_factory=_default("schedules", "cosine")
    )
    criterion: Annotated[Picked, one_of(f"{_HERE}.criteria", ("soft_cross_entropy", "distillation"))] = Field(
        default_factory=_default("criteria", "cross_entropy")
    )
    augment: list[Augmentation] = Field(default_factory=list[Picked])
    precision: Annotated[str, word("fp32", "bf16", lacking=("fp16", "fp8"))] = "fp32"
    clip: float | None = Field(None, gt=0)
    no_decay: list[str] = Field(default_factory=list[str])
    keep: Annotated[str, word("last", "best", lacking=("ema",))] = "last"
    seed: int = Field(0, ge=0, lt=2**63)
