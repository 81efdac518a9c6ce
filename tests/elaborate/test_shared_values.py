"""Mistakes in specs where several parameters have the value of the one that is wrong: who looks for a parameter of equal
value labels another one.

The right places are marked in the texts. They are what a user has to look at: the innermost text of the user that set the
number (where names only hand a number on, what they were set to; where an expression computes it, the expression). Sizes
that disagree in the user's text are told at the expression in which they meet, with a label at what set each; sizes that
disagree in the library at what the user set there.
"""

from functools import cache

import pytest
from shared import NAMES, SPEC, place, read
from vitc.compiler.elaborate.overrides import parse_override
from vitc.diagnostics.source import COMMAND_LINE, Source
from vitc.grammar.parser import parse
from vitc.grammar.walking import walk


@cache
def problems(name):
    return read(name).problems()


def test_marks_stand_under_whole_parts_of_the_texts():
    assert len(NAMES) == 40
    for name in NAMES:
        spec = read(name)
        trees = [parse(Source(SPEC, spec.text)), *(parse_override(*setting) for setting in spec.overrides.items())]
        parts = {place(node.span) for tree in trees for node in walk(tree)}
        assert len(spec.marks["^"]) == 1
        assert frozenset().union(*spec.marks.values()) <= parts, name


@pytest.mark.parametrize("name", NAMES)
def test_each_spec_has_one_mistake(name):
    assert [problem.code for problem in problems(name)] == [read(name).code]


@pytest.mark.parametrize("name", NAMES)
def test_a_mistake_is_told_where_its_number_was_set(name):
    (problem,), marks = problems(name), read(name).marks
    labels = {place(other.span) for other in problem.others if other.span.source.name in (SPEC, COMMAND_LINE)}
    assert {place(problem.span)} == marks["^"]
    assert marks["-"] <= labels
    assert not marks["~"] or marks["~"] & labels
    assert labels <= frozenset().union(*marks.values())
