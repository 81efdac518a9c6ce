"""What every command does with what goes wrong: a diagnostic instead of a traceback."""

import json
import sys
from collections.abc import Callable
from contextvars import ContextVar
from typing import TypeVar

from ..diagnostics import Diagnostic, VitError, error
from ..diagnostics.messages import as_json, render
from . import interrupts
from .streams import styled

Form = TypeVar("Form", bound=str)
#: What `--format` says of the command that runs.
_FORM = ContextVar("form", default="text")


def print_as(form: Form) -> Form:
    """Takes the value of `--format`, in which errors are told as well."""
    _FORM.set(form)
    return form


def guarded(run: Callable[[], object]) -> None:
    """Runs the commands; ends with status 1 to 3 where there is something to say."""
    _FORM.set("text")
    try:
        run()
    except VitError as problem:
        _end(problem)
    except ModuleNotFoundError as problem:
        name = (problem.name or "").partition(".")[0]
        if name in ("", (__package__ or "").partition(".")[0]):
            raise
        _end(error("V1012", f"the package `{name}` is missing", help="`vitc doctor` shows how to get it"))
    except OSError as problem:
        _end(error("V1008", f"the system refuses: {problem}"))
    except MemoryError:
        help = "a smaller model or batch, or --no-verify"
        _end(error("V1009", "there is not enough memory", help=help))


def tell(*diagnostics: Diagnostic) -> None:
    """Writes diagnostics to stderr. After an interrupt it ends the command instead: the interrupt ends children too, which
    causes diagnostics that mean nothing to the user."""
    if interrupts.asked():
        raise interrupts.Interrupt(130)
    sys.stderr.write(render(diagnostics, color=styled(sys.stderr)))


def _end(problem: VitError) -> None:
    if _FORM.get() == "json" and not interrupts.asked():
        print(json.dumps({"diagnostics": as_json(problem.diagnostics)}, indent=2))
    else:
        tell(*problem.diagnostics)
    raise SystemExit(problem.exit_status) from None
