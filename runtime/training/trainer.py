"""The loop: epochs, steps, learning rate, clipping, precision. No file is touched here."""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ...diagnostics import VitError, error
from ...grammar.name_patterns import matches
from ..sections.train import Train
from .batches import Batches


@dataclass(frozen=True, slots=True)
class Score:
    """Of a part: the mean loss, and the share of pictures whose likeliest class is theirs (None for a regression)."""

    loss: float
    accuracy: float | None


class Trainer:
    """A model with its optimizer. `epoch` and `score` are all there is to call."""

    def __init__(self, model: torch.nn.Module, train: Train, batches: Batches, device: str) -> None:
        self.model, self.train, self.batches, self.device = model, train, batches, device
        self.optimizer: torch.optim.Optimizer = train.optimizer.build(*self._weights())
        self.steps = batches.steps()
        self.total = train.epochs * self.steps
        self.warmup = train.schedule.warmup.steps(self.steps)

    def epoch(self, number: int, step_done: Callable[[int, float], None]) -> Score:
        """One pass over the training part; every draw follows from the seed and the number of the epoch alone."""
        seed = epoch_seed(self.train.seed, number)
        torch.manual_seed(seed)  # type: ignore[reportUnknownMemberType] -- torch leaves it untyped
        self.model.train()
        tally = Tally()
        for index, (images, labels) in enumerate(self.batches.shuffled(seed, self.train.augment)):
            loss, logits = self._forward(images, labels)
            value = float(loss.detach())
            if not math.isfinite(value):
                raise _not_finite(f"the loss is {value} at epoch {number + 1}, step {index + 1}", number)
            self._descend(loss, number * self.steps + index)
            tally.add(value, logits.detach(), labels)
            step_done(index, value)
        for name, tensor in self.model.state_dict().items():
            if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
                raise _not_finite(f"`{name}` holds a number that is not finite after epoch {number + 1}", number)
        return tally.score()

    @torch.no_grad()
    def score(self, batches: Batches, part: str = "test") -> Score:
        """How well the model does on a part."""
        self.model.eval()
        tally = Tally()
        for images, labels in batches.in_order():
            loss, logits = self._forward(images, labels)
            tally.add(float(loss), logits, labels)
        found = tally.score()
        if not math.isfinite(found.loss):
            raise _not_finite(f"the loss on the {part} part is {found.loss}", None)
        return found

    def rate(self, step: int) -> float:
        """The learning rate at a step: linear warm-up, then the schedule over what is left."""
        base = self.train.optimizer.lr
        if step < self.warmup:
            return base * (step + 1) / self.warmup
        done = (step - self.warmup) / max(1, self.total - self.warmup)
        return base * self.train.schedule.factor(done)

    def _forward(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The loss and the outputs, float32 whatever the precision inside."""
        try:
            with self._precision():
                logits = first(self.model(images)).float()
        except ValueError as problem:
            if str(problem).startswith("Expected more than 1 value per channel"):  # torch's batch norm
                raise error("V1105", "batchnorm can't train on a single value of a channel: a batch of 1 has no spread",
                            help="a larger batch, or layernorm") from None  # fmt: skip
            raise
        loss = self.train.criterion.loss(logits, labels)
        return loss, logits

    def _descend(self, loss: Tensor, step: int) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate(step)
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        if self.train.clip is not None:
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.train.clip)
        self.optimizer.step()

    def _precision(self) -> AbstractContextManager[Any]:
        return (
            nullcontext()
            if self.train.precision == "fp32"
            else torch.autocast(torch.device(self.device).type, torch.bfloat16)
        )

    def _weights(self) -> tuple[list[Tensor], list[Tensor]]:
        """Gives the weights that decay, and those that do not: gains, biases and what `no_decay` names."""
        decayed: list[Tensor] = []
        others: list[Tensor] = []
        for name, weight in self.model.named_parameters():
            free = weight.ndim <= 1 or matches(self.train.no_decay, name)
            (others if free else decayed).append(weight)
        return decayed, others


class Tally:
    """Adds up over batches."""

    def __init__(self) -> None:
        self.count, self.loss, self.right, self.classes = 0, 0.0, 0, True

    def add(self, loss: float, logits: Tensor, labels: Tensor) -> None:
        """The mean loss of a batch, with what it was computed from."""
        self.count += len(labels)
        self.loss += loss * len(labels)
        self.classes = not labels.is_floating_point() and logits.shape[-1] > 1
        if self.classes:
            self.right += int((logits.argmax(-1) == labels).sum())

    def score(self) -> Score:
        """Of all of them."""
        return Score(self.loss / self.count, self.right / self.count if self.classes else None)


def epoch_seed(seed: int, epoch: int) -> int:
    """A seed of its own for every epoch, so that a run that goes on draws what an uninterrupted one draws."""
    return (seed * 0x9E3779B97F4A7C15 + epoch * 0xBF58476D1CE4E5B9 + 1) % 2**63


def first(outputs: Any) -> Tensor:
    """The output that is served, where a model has several."""
    return outputs[0] if isinstance(outputs, tuple) else outputs  # type: ignore[reportUnknownVariableType] -- printed code is not typed here


def _not_finite(what: str, epoch: int | None) -> VitError:
    kept = "no epoch was whole before it" if epoch == 0 else "the checkpoint of the epoch before is kept"
    return error("V1101", f"{what}: training stops",
                 help=f"{kept}; a smaller lr, a longer warm-up or `clip = 1.0` may help")  # fmt: skip
