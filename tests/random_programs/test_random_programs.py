"""Random models give the same numbers in numpy, PyTorch, TorchScript and ONNX Runtime, before passes and after."""

import datetime
import re
import time
from random import Random

import pytest
from hypothesis import HealthCheck, given, seed, settings
from vitc.compiler import ops
from vitc.compiler.elaborate import library
from vitc.tests.random_programs.judge import IllConditioned, check
from vitc.tests.random_programs.programs import Program, programs

#: CI stops `make slow` after half an hour in all: each of the ten parts ends after so long, for however many programs fit.
SECONDS = 200


@pytest.fixture(scope="module", autouse=True)
def parsed_once():
    """The library's own files are parsed once, not for every program."""
    kept, read = {}, library.read

    def once(source):
        if source.name not in kept:
            kept[source.name] = read(source)
        return kept[source.name]

    library.read = lambda source: once(source) if source.name.startswith("std") else read(source)
    yield
    library.read = read


def run(count: int, seconds: float, number: int) -> tuple[int, int, set[str]]:
    """How many programs ran, how many said nothing, and the ops they used; the same number gives the same programs."""
    done, ill, used, start, failed = 0, 0, set(), time.monotonic(), False

    @seed(number)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),  # pyright: ignore[reportArgumentType] -- its metaclass is an iterator of its own
    )
    @given(programs)
    def one(text):
        nonlocal done, ill, failed
        if time.monotonic() - start > seconds and not failed:  # what failed is run again, whenever that was
            return
        done += 1
        try:
            used.update(check(text))
        except IllConditioned:
            ill += 1
        except Exception:
            failed = True
            raise

    one()
    return done, ill, used


def test_300_programs_agree_and_use_every_op():
    done, ill, used = run(300, 600, 0)
    assert done >= 300
    assert ill <= done // 20, "too many programs say nothing"
    assert used - {"weight", "constant"} == set(ops.names()), "an op without a production"


def test_every_op_that_a_text_can_name_has_a_production():
    """Without running anything."""
    texts = " ".join(Program(Random(number)).model(10) for number in range(300))
    lacking = [name for name in ops.names() if ops.get(name).nameable and not re.search(rf"\b{name}\b", texts)]
    assert not lacking, "tests/random_programs/productions.py says none of them"


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_10000_programs_agree(part, capsys):
    """A thousand of them, others each day, as many as fit into the time: `einsum` is in one of fifty."""
    done, ill, used = run(1_000, SECONDS, 10 * datetime.date.today().toordinal() + part)
    with capsys.disabled():
        print(f"\n{done:,} random programs agreed ({ill} ill-conditioned) of 1,000, within {SECONDS} s")
    assert done
    assert ill <= done // 20
    if done >= 1_000:
        assert used - {"weight", "constant"} == set(ops.names())
