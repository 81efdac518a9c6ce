"""Tables and divisors that give no number are refused with their place, before any target computes them."""

import numpy as np
import pytest
from vitc.compiler import driver
from vitc.compiler.elaborate.library import loads
from vitc.compiler.evaluate import evaluate
from vitc.diagnostics import VitError
from vitc.runtime.weights.initial import Initial


def compiled(expression, gain="1.0"):
    text = f"""vit 1
block net(image: shape = 4x4x3) {{
  gain = weight([4], {gain})
  forward(image: [3, 4, 4]) {{
    x = mean(image, axis = [-2, -3])
    return gain * ({expression})
  }}
}}
model m = net
"""
    return driver.prepare(loads(text), "m")


@pytest.mark.parametrize(
    ("expression", "code", "label"),
    [
        ("x + arange(4) // (arange(4) - 1)", "V0309", "1 of 4 divisors are 0"),
        ("x + arange(4) % (arange(4) // 2)", "V0309", "2 of 4 divisors are 0"),
        ("x + arange(4) // 0", "V0309", "the divisor is 0"),
        ("x + int(x) // arange(4)", "V0309", "1 of 4 divisors are 0"),
        ("x + int(x) % 0", "V0309", "the divisor is 0"),
        ("x + sqrt(arange(4) - 2.0)", "V0309", "2 of 4"),
        ("x + arange(4) / 0", "V0309", "1 of 4"),
        ("x + 7 // int(x)", "V0401", ""),
        ("x + 7 % where(x > 0.0, 1, 0)", "V0401", ""),
    ],
)
def test_it_is_refused(expression, code, label):
    with pytest.raises(VitError) as problem:
        compiled(expression)
    (found,) = problem.value.diagnostics
    assert (found.code, found.label) == (code, label)
    assert found.span and found.span.text in expression


@pytest.mark.parametrize(
    ("expression", "means"),
    [
        ("x + where(arange(4) == 0, 1.0, sin(arange(4)) / arange(4))", lambda x: x + np.sinc(np.arange(4) / np.pi)),
        ("max(x, where(arange(4) < 2, -inf, 0.5))", lambda x: np.maximum(x, [-np.inf, -np.inf, 0.5, 0.5])),
        ("x + int(4.0 * x) // (arange(4) - 7)", lambda x: x + np.trunc(4 * x) // (np.arange(4) - 7)),
        ("x + 1.0 * (7 // (2.0 * x))", lambda x: x + 7 // (2 * x)),
    ],
)
def test_it_is_computed(expression, means):
    image = np.random.default_rng(0).standard_normal((2, 3, 4, 4))
    (result,) = evaluate(compiled(expression).graph, (image,), {"gain": np.ones(4)})
    np.testing.assert_allclose(result, means(image.mean((-2, -3))), rtol=1e-7)


@pytest.mark.parametrize("gain", ["1.0 * (arange(4) // (arange(4) - 1))", "sqrt(arange(4) - 2.0)"])
def test_an_initial_value_is_refused(gain):
    program = compiled("x", gain).program
    with pytest.raises(VitError) as problem:
        Initial(program, 0)["gain"]
    assert problem.value.diagnostics[0].code == "V0309"
