"""Showing: what a model is and costs, the graph after a step, and what can be set."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..compiler import driver, elaborate
from ..compiler.elaborate.listing import Row as Setting
from ..compiler.ir.dump import dump, dump_program
from ..compiler.ir.program import Program
from ..compiler.report import flow
from ..compiler.report.layers import Row
from ..compiler.report.summary import Summary, summary
from ..diagnostics import error
from ..diagnostics.suggest import suggestion
from ..runtime.preprocess import Preprocess
from ..runtime.sections.data import Data
from ..runtime.sections.export import outputs
from ..runtime.sections.input import preprocess
from .specs import choose


@dataclass(frozen=True, slots=True)
class Shown:
    """The model as its text says it, what it costs, a row for each of its layers, and how pictures are prepared for it."""

    program: Program
    summary: Summary
    layers: tuple[Row, ...]
    preprocess: Preprocess

    def flow(self) -> tuple[flow.Step, ...]:
        """Gives the shapes of one picture on its way through the model."""
        return flow.flow(self.program)


def show(spec: str | Path, model: str | None = None, settings: Mapping[str, str] | None = None) -> Shown:
    """Computes what a model is and costs; arguments and errors as in `check`."""
    library, name = choose(str(spec), model)
    program = elaborate.elaborate(library, name, settings)
    about, rows = summary(*driver.lower(program, outputs))
    return Shown(program, about, rows, preprocess(program, Data.of(program)))


def after(
    step: str, spec: str | Path, model: str | None = None, settings: Mapping[str, str] | None = None
) -> tuple[str, str]:
    """Gives the full name of a step of the compiler and, as text, what it leaves; raises V1007.

    A pass that runs on bodies and on the graph means the graph's unless the name says which.
    """
    library, name = choose(str(spec), model)
    made = dict(driver.stages(library, name, settings, outputs))
    matching = [stage for stage in made if step in (stage, stage.partition(".")[2])]
    if not matching:
        raise error("V1007", f"there is no step `{step}`", help=suggestion(step, made))
    state = made[matching[-1]]
    return matching[-1], dump_program(state) if isinstance(state, Program) else dump(state)


def settable(
    spec: str | Path, model: str | None = None, settings: Mapping[str, str] | None = None
) -> tuple[Setting, ...]:
    """Lists what can be set in a model by its path: setting one to the value that is given changes nothing."""
    library, name = choose(str(spec), model)
    return elaborate.settable(library, name, settings)
