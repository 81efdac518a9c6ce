"""Small programs of the tests, and their numbers."""

from pathlib import Path

import numpy as np
from vitc.compiler import elaborate
from vitc.compiler.elaborate.library import load, loads
from vitc.compiler.evaluate import evaluate
from vitc.compiler.flatten import flatten
from vitc.diagnostics import VitError
from vitc.runtime.weights.initial import Initial

__all__ = ["Path", "codes", "load", "loads", "model", "numbers", "program", "spec"]


def spec(forward, binds="", extra="", params=""):
    """A model `m` on images of 3 channels of 4x6 pixels."""
    return f"vit 1\n{extra}\nblock b(image: shape = 4x6x3{params}) {{\n{binds}\n{forward}\n}}\nmodel m = b\n"


def model(body, binds="", extra="", params=""):
    return spec(f"forward(image: [C, H, W]) {{\n{body}\n}}", binds, extra, params)


def program(text, name="m", overrides=None):
    return elaborate.elaborate(loads(text, "spec.vit"), name, overrides)


def numbers(text, name="m", weights=None, training=False, batch=2):
    """The input and the outputs of a model in numpy, with its own weights or others."""
    made = program(text, name)
    graph = flatten(made, training=training)
    shape = graph.inputs[0].type.shape
    image = np.random.default_rng(0).standard_normal((batch, *shape))
    drawn = {**Initial(made, 0), **(weights or {})}
    return image, evaluate(graph, (image,), drawn)


def codes(text, name="m", overrides=None):
    """The codes of what is wrong."""
    try:
        library = loads(text, "spec.vit")
    except VitError as problem:
        return [d.code for d in problem.diagnostics]
    return [d.code for d in elaborate.check(library, name, overrides).problems]
