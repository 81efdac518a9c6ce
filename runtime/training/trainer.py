"""The loop: epochs, steps, learning rate, clipping, precision. No file is touched here."""

import math
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ...grammar.diagnostics import error
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
        self.optimizer = train.optimizer.module.build(train.optimizer.settings, self._groups())
        self.total = train.epochs * batches.steps()
        self.warmup = train.schedule.settings.warmup.steps(batches.steps())

    def epoch(self, number: int, step_done: Callable[[int, float], None]) -> Score:
        """One pass over the training part; every draw follows from the seed and the number of the epoch alone."""
        seed = epoch_seed(self.train.seed, number)
        torch.manual_seed(seed)
        self.model.train()
        tally = Tally()
        for index, (images, labels) in enumerate(self.batches.shuffled(seed, self.train.augment)):
            step = number * self.batches.steps() + index
            with self._precision():
                logits = first(self.model(images)).float()
                loss = self._loss(logits, labels)
            value = float(loss.detach())
            if not math.isfinite(value):
                raise _not_finite(number, index, step, value)
            self._descend(loss, step)
            tally.add(value, logits.detach(), labels)
            step_done(index, value)
        return tally.score()

    @torch.no_grad()
    def score(self, batches: Batches) -> Score:
        """How well the model does on a part."""
        self.model.eval()
        tally = Tally()
        for images, labels in batches.in_order():
            with self._precision():
                logits = first(self.model(images)).float()
                loss = self._loss(logits, labels)
            tally.add(float(loss), logits, labels)
        return tally.score()

    def rate(self, step: int) -> float:
        """The learning rate at a step: linear warm-up, then the schedule over what is left."""
        base = self.train.optimizer.settings.lr
        if step < self.warmup:
            return base * (step + 1) / self.warmup
        done = (step - self.warmup) / max(1, self.total - self.warmup)
        return base * self.train.schedule.module.factor(self.train.schedule.settings, done)

    def _descend(self, loss: Tensor, step: int) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate(step)
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        if self.train.clip is not None:
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.train.clip)
        self.optimizer.step()

    def _loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        return self.train.criterion.module.loss(self.train.criterion.settings, logits, labels)

    def _precision(self) -> AbstractContextManager[Any]:
        if self.train.precision == "fp32":
            return nullcontext()
        return torch.autocast(self.device, torch.bfloat16)

    def _groups(self) -> list[dict[str, Any]]:
        """Weights with and without decay: gains, biases and what `no_decay` names have none."""
        patterns = [name_pattern(text) for text in self.train.no_decay]
        decayed: list[Tensor] = []
        others: list[Tensor] = []
        for name, weight in self.model.named_parameters():
            free = weight.ndim <= 1 or any(p.fullmatch(name) for p in patterns)
            (others if free else decayed).append(weight)
        groups = [{"params": decayed, "weight_decay": self.train.optimizer.settings.weight_decay}]
        return [g for g in [*groups, {"params": others, "weight_decay": 0.0}] if g["params"]]


class Tally:
    """Adds up over batches."""

    def __init__(self) -> None:
        self.count, self.loss, self.right, self.classes = 0, 0.0, 0, True

    def add(self, loss: float, logits: Tensor, labels: Tensor) -> None:
        """The mean loss of a batch, with what it was computed from."""
        self.count += len(labels)
        self.loss += loss * len(labels)
        self.classes = not labels.is_floating_point() and logits.ndim == 2 and logits.shape[-1] > 1
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
    return outputs[0] if isinstance(outputs, tuple) else outputs  # type: ignore[reportUnknownVariableType]


def name_pattern(text: str) -> re.Pattern[str]:
    """`blocks.{i}.norm` as a pattern of names: each `{..}` is a number."""
    parts: Iterator[str] = (re.escape(part) for part in re.split(r"\{\w*\}", text))
    return re.compile(r"\d+".join(parts))


def _not_finite(epoch: int, index: int, step: int, value: float) -> Exception:
    return error("V1101", f"the loss is {value} in epoch {epoch + 1}, batch {index + 1} (step {step + 1})", exit_status=3,
                 help="the checkpoint of the epoch before is kept; a smaller lr, warm-up or `clip = 1.0` may help")  # fmt: skip
