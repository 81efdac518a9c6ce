"""What every command does with what goes wrong: a diagnostic instead of a traceback."""

import json
import sys
from collections.abc import Callable
from itertools import pairwise

from ..diagnostics import Diagnostic, VitError, error
from ..diagnostics.messages import as_json, render
from . import interrupts
from .streams import styled


def guarded(run: Callable[[], object]) -> None:
    """Runs the commands; ends with status 1 to 3 where there is something to say."""
    try:
        run()
    except VitError as problem:
        _end(problem)
    except OSError as problem:
        _end(error("V1008", f"the system refuses: {problem}", exit_status=3))
    except MemoryError:
        help = "a smaller model or batch, or --no-verify"
        _end(error("V1009", "there is not enough memory", exit_status=3, help=help))


def warn(diagnostic: Diagnostic) -> None:
    """Writes a warning to stderr."""
    sys.stderr.write(render([diagnostic], color=styled(sys.stderr)))


def _end(problem: VitError) -> None:
    if interrupts.asked():  # a child had the signal too: how it ended is no news
        raise SystemExit(130) from None
    words = sys.argv[1:]
    if "--format=json" in words or ("--format", "json") in pairwise(words):
        print(json.dumps({"diagnostics": as_json(problem.diagnostics)}, indent=2))
    else:
        sys.stderr.write(render(problem.diagnostics, color=styled(sys.stderr)))
    raise SystemExit(problem.exit_status) from None
