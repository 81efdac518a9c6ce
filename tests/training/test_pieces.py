"""Schedules, criteria, optimizers and the trainer's step, against torch and against the formulas."""

import math
from contextlib import closing
from threading import Event

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from vitc.runtime.data.images import Images
from vitc.runtime.preprocess import Preprocess
from vitc.runtime.sections.train import Train
from vitc.runtime.settings.values import Duration
from vitc.runtime.training.batches import Batches
from vitc.runtime.training.criteria.bce import BinaryCrossEntropy
from vitc.runtime.training.criteria.cross_entropy import CrossEntropy
from vitc.runtime.training.criteria.mse import MeanSquaredError
from vitc.runtime.training.optimizers.adamw import AdamW
from vitc.runtime.training.optimizers.sgd import SGD
from vitc.runtime.training.schedules.constant import Constant
from vitc.runtime.training.schedules.cosine import Cosine
from vitc.runtime.training.trainer import Tally, Trainer, epoch_seed

PREPROCESS = Preprocess(1, 4, 4, mean=(0.5,), std=(0.25,))


class Net(nn.Module):
    """Weights of two axes, of one, and a table that is asked to go without decay."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(3)
        self.table = nn.Parameter(torch.randn(4, 8))
        self.blocks = nn.ModuleList([nn.Linear(4, 8), nn.Linear(8, 5)])

    def forward(self, image):
        x = self.blocks[0](image.flatten(1, 2)) + self.table
        return self.blocks[1](x.mean(1))


def trainer(count=24, size=8, labels=None, model=None, **settings):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (count, 4, 4, 1), np.uint8)
    labels = rng.integers(0, 5, count) if labels is None else labels
    batches = Batches(Images(lambda i: pixels[i], labels), PREPROCESS, size, "cpu")
    wanted = Train(batch=size, **{"epochs": 2, "augment": [], **settings})
    return Trainer(model or Net(), wanted, batches, "cpu")


def test_the_rate_rises_to_lr_then_falls_along_half_a_cosine():
    made = trainer(
        epochs=10,
        optimizer=AdamW(lr=0.5),
        schedule=Cosine(warmup=Duration(2, "epochs"), floor=0.1),
    )
    assert made.steps == 3 and made.total == 30
    assert [made.rate(s) for s in range(6)] == pytest.approx([0.5 * (s + 1) / 6 for s in range(6)])
    for step in (6, 13, 18, 29):
        done = (step - 6) / 24
        assert made.rate(step) == pytest.approx(0.5 * (0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * done))))
    assert made.rate(30) == pytest.approx(0.05)  # where the floor is reached: the step after the last


def test_cosine_is_that_of_torch():
    made = trainer(epochs=10, optimizer=SGD(lr=0.3), schedule=Cosine())
    theirs = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(theirs, T_max=30)
    for step in range(30):
        assert made.rate(step) == pytest.approx(theirs.param_groups[0]["lr"], abs=1e-12)
        theirs.step()
        schedule.step()


def test_constant_stays_after_its_warm_up_in_steps():
    made = trainer(optimizer=SGD(lr=0.2), schedule=Constant(warmup=Duration(4, "steps")))
    assert [made.rate(s) for s in range(6)] == pytest.approx([0.05, 0.1, 0.15, 0.2, 0.2, 0.2])


def test_cross_entropy_smooths_towards_all_classes():
    logits, labels = torch.randn(6, 5), torch.tensor([0, 1, 2, 3, 4, 0])
    target = F.one_hot(labels, 5) * 0.8 + 0.2 / 5
    expected = -(target * torch.log_softmax(logits, -1)).sum(-1).mean()
    torch.testing.assert_close(CrossEntropy(smoothing=0.2).loss(logits, labels), expected)


def test_bce_asks_every_class_for_itself():
    logits, labels = torch.randn(6, 5), torch.tensor([0, 1, 2, 3, 4, 0])
    target = F.one_hot(labels, 5) * 0.9 + 0.1 / 5
    p = torch.sigmoid(logits)
    expected = -(target * p.log() + (1 - target) * (1 - p).log()).mean()
    torch.testing.assert_close(BinaryCrossEntropy(smoothing=0.1).loss(logits, labels), expected)


@pytest.mark.parametrize(
    "logits, labels, target",
    [
        ((4, 1), torch.tensor([1.0, 2.0, 3.0, 4.0]), torch.tensor([[1.0], [2.0], [3.0], [4.0]])),
        ((2, 3), torch.ones(2, 3), torch.ones(2, 3)),
        ((3, 4), torch.tensor([0, 3, 1]), F.one_hot(torch.tensor([0, 3, 1]), 4).float()),
    ],
    ids=["a number", "a row", "classes"],
)
def test_mse_takes_numbers_rows_and_classes(logits, labels, target):
    outputs = torch.randn(logits)
    expected = ((outputs - target) ** 2).mean()
    torch.testing.assert_close(MeanSquaredError().loss(outputs, labels), expected)


def by_hand(build, epochs, clip=None, smoothing=0.0):
    """The loop that anyone would write, on the same order of the same pictures."""
    made, net = trainer(), Net()
    free = [net.table, net.blocks[0].bias, net.blocks[1].bias]
    optimizer = build([net.blocks[0].weight, net.blocks[1].weight], free)
    for epoch in range(epochs):
        for images, labels in made.batches.shuffled(epoch_seed(0, epoch), []):
            loss = F.cross_entropy(net(images), labels, label_smoothing=smoothing)
            optimizer.zero_grad()
            loss.backward()
            if clip:
                nn.utils.clip_grad_norm_(net.parameters(), clip)
            optimizer.step()
    return net


@pytest.mark.parametrize("clip", [None, 0.05])
def test_training_is_torchs_adamw_with_decay_where_it_belongs(clip):
    theirs = by_hand(
        lambda decayed, free: torch.optim.AdamW(
            [{"params": decayed, "weight_decay": 0.3}, {"params": free, "weight_decay": 0.0}],
            lr=0.01, betas=(0.8, 0.95), eps=1e-6,
        ),
        2, clip, 0.1,
    )  # fmt: skip
    made = trainer(
        optimizer=AdamW(lr=0.01, weight_decay=0.3, betas=(0.8, 0.95), eps=1e-6),
        schedule=Constant(), criterion=CrossEntropy(smoothing=0.1), clip=clip, no_decay=["table"],
    )  # fmt: skip
    for epoch in range(2):
        made.epoch(epoch, lambda index, loss: None)
    for ours, expected in zip(made.model.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(ours, expected, rtol=0, atol=0)


@pytest.mark.parametrize("nesterov", [False, True])
def test_training_is_torchs_sgd(nesterov):
    theirs = by_hand(
        lambda decayed, free: torch.optim.SGD(
            [{"params": decayed, "weight_decay": 0.1}, {"params": free, "weight_decay": 0.0}],
            lr=0.05, momentum=0.7, nesterov=nesterov,
        ),
        2,
    )  # fmt: skip
    made = trainer(
        optimizer=SGD(lr=0.05, momentum=0.7, weight_decay=0.1, nesterov=nesterov),
        schedule=Constant(), no_decay=["table"],
    )  # fmt: skip
    for epoch in range(2):
        made.epoch(epoch, lambda index, loss: None)
    for ours, expected in zip(made.model.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(ours, expected, rtol=0, atol=0)


def test_no_decay_takes_patterns_with_any_number():
    made = trainer(no_decay=["blocks.{i}.weight"], optimizer=AdamW(weight_decay=0.3))
    decayed, free = made.optimizer.param_groups
    assert [tuple(p.shape) for p in decayed["params"]] == [(4, 8)]
    assert (decayed["weight_decay"], free["weight_decay"], len(free["params"])) == (0.3, 0.0, 4)


def test_pictures_are_normalised_and_put_channels_first():
    made = trainer()
    (images, labels), *_ = made.batches.in_order()
    raw = made.batches.images.read(np.arange(8))
    np.testing.assert_allclose(images.numpy(), (raw[..., 0][:, None] / 255 - 0.5) / 0.25, atol=1e-6)
    assert labels.tolist() == made.batches.images.labels[:8].tolist()


@pytest.mark.parametrize("count, size, steps", [(24, 8, 3), (26, 8, 4), (25, 8, 3), (1, 8, 1), (3, 1, 3)])
def test_a_last_batch_of_one_picture_is_left_out(count, size, steps):
    made = trainer(count, size)
    seen = [len(labels) for _, labels in made.batches.shuffled(0, [])]
    assert len(seen) == made.steps == steps
    assert sum(len(labels) for _, labels in made.batches.in_order()) == count


def test_every_epoch_sees_every_picture_in_another_order():
    made = trainer(24, 8, labels=np.arange(24))
    first, again, second = ([int(x) for _, y in made.batches.shuffled(seed, []) for x in y] for seed in (1, 1, 2))
    assert first == again != second and sorted(first) == sorted(second) == list(range(24))


def test_bf16_trains_and_its_loss_is_float32():
    losses = {}
    for precision in ("fp32", "bf16"):
        made = trainer(precision=precision, optimizer=AdamW(lr=0.02), schedule=Constant())
        dtypes = set()
        made.model.get_submodule("blocks.1").register_forward_hook(lambda *seen, into=dtypes: into.add(seen[2].dtype))
        losses[precision] = [made.epoch(epoch, lambda index, loss: None).loss for epoch in range(10)]
    assert dtypes == {torch.bfloat16}
    assert all(p.dtype == torch.float32 for p in made.model.parameters())
    assert losses["fp32"][0] - losses["fp32"][-1] > 0.1
    assert losses["bf16"] == pytest.approx(losses["fp32"], abs=0.02) and losses["bf16"] != losses["fp32"]


def test_reading_goes_ahead_of_learning():
    """When the first batch is handed out, the ones after it are on their way."""
    started = [Event() for _ in range(4)]

    def read(indices):
        started[int(indices[0])].set()
        return np.zeros((1, 4, 4, 1), np.uint8)

    batches = Batches(Images(read, np.zeros(4, np.int64)), PREPROCESS, 1, "cpu")
    with closing(batches.in_order()) as stream:
        next(stream)
        assert all(event.wait(5) for event in started[:3])


def test_what_goes_wrong_while_reading_comes_out_where_it_is_used():
    def read(indices):
        raise RuntimeError("the disk is gone")

    batches = Batches(Images(read, np.zeros(4, np.int64)), PREPROCESS, 2, "cpu")
    with pytest.raises(RuntimeError, match="the disk is gone"):
        list(batches.in_order())


def test_accuracy_counts_right_pictures_over_batches_of_any_size():
    tally = Tally()
    tally.add(1.0, torch.eye(3), torch.tensor([0, 1, 0]))
    tally.add(4.0, torch.eye(3)[:1], torch.tensor([0]))
    assert (tally.score().loss, tally.score().accuracy) == (7 / 4, 3 / 4)
