"""The section `train`."""

from typing import Annotated

from pydantic import Field

from ..settings.choices import default, one_of
from ..settings.values import word
from ..training.augmentations import AUGMENTATIONS, Augmentation
from ..training.criteria import CRITERIA, Criterion
from ..training.optimizers import OPTIMIZERS, Optimizer
from ..training.schedules import SCHEDULES, Schedule
from . import Section


class Train(Section):
    """`clip`: the largest norm of all gradients together. `no_decay`: weights by name (`{i}` is any number) that weight decay
    leaves alone, besides all of one axis. `keep`: the weights of the last epoch, or the best on the validation part."""

    epochs: int = Field(default=10, ge=1, le=1_000_000)
    batch: int = Field(default=64, ge=1, le=1_000_000)
    optimizer: Annotated[Optimizer, one_of(OPTIMIZERS)] = default(OPTIMIZERS, "adamw")
    schedule: Annotated[Schedule, one_of(SCHEDULES)] = default(SCHEDULES, "cosine")
    criterion: Annotated[Criterion, one_of(CRITERIA)] = default(CRITERIA, "cross_entropy")
    augment: list[Annotated[Augmentation, one_of(AUGMENTATIONS)]] = Field(default_factory=list[Augmentation])
    precision: Annotated[str, word("fp32", "bf16")] = "fp32"
    clip: float | None = Field(None, gt=0)
    no_decay: list[str] = Field(default_factory=list[str])
    keep: Annotated[str, word("last", "best")] = "last"
    seed: int = Field(default=0, ge=0, lt=2**63)
