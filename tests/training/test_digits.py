"""What the bundled models learn on the digits, by the names a newcomer types."""

import time
from pathlib import Path

import numpy as np
import pytest
from vitc.application.train import train
from vitc.runtime.data.classes import EVERY
from vitc.runtime.data.sources import digits
from vitc.runtime.predict import Predictor


def held_out(model):
    """The accuracy of an exported file alone on every fifth digit."""
    predictor = Predictor(model)
    test = digits.Digits().read(Path(), predictor.preprocess, EVERY).test
    assert test is not None
    logits = predictor.logits(predictor.preprocess.normalised(test.read(np.arange(len(test)))))
    return float((logits.argmax(-1) == test.labels).mean())


@pytest.mark.parametrize(
    ("name", "epochs", "least"), [("notes", 10, 0.5), ("notes_complete", 4, 0.8), ("digits", 4, 0.8)]
)
def test_bundled_models_learn_far_above_chance_in_a_few_epochs(name, epochs, least, tmp_path):
    """Chance is 10 %. The file that is exported has the accuracy of the run."""
    few = {"train.epochs": str(epochs), "export.torchscript": "false", "export.torch": "false"}
    few |= {"train.schedule": "cosine(warmup = 1 epochs)"}
    summary = train(name, out=tmp_path, settings=few, device="cpu", verify=False)
    assert summary["accuracy"] == held_out(tmp_path / "export" / "model.onnx") > least


@pytest.mark.slow
def test_the_digits_reach_98_percent_in_two_minutes_each(tmp_path):
    figures = []
    for seed in range(3):
        out = tmp_path / str(seed)
        start = time.process_time()  # of one core, whatever else the machine does
        summary = train("digits", out=out, settings={"train.seed": str(seed)}, device="cpu")
        assert time.process_time() - start < 120
        assert summary["accuracy"] == held_out(out / "export")
        figures.append(summary["accuracy"])
    assert np.mean(figures) >= 0.98
    again = train("digits", out=tmp_path / "again", device="cpu", verify=False)
    assert again["accuracy"] == figures[0]
