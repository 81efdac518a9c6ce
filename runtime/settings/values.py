"""Types of values of settings: words, lengths of training, pairs."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from pydantic import BeforeValidator

from ...compiler.configuration import Quantity
from ...diagnostics.suggest import close
from .checking import refuse, shown


def word(*allowed: str) -> BeforeValidator:
    """Makes a field (of type `str`) take one of some words."""
    return BeforeValidator(partial(_word, allowed))


def _word(allowed: tuple[str, ...], value: Any) -> str:
    if value in allowed:
        return value
    like = close(value, allowed) if isinstance(value, str) else ""
    help = f"did you mean `{like}`?" if like else ""
    raise refuse(f"takes {', '.join(allowed[:-1])} or {allowed[-1]}, not {shown(value)}", help)


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of training: `5 epochs` or `1000 steps`."""

    value: float
    unit: str

    def steps(self, per_epoch: int) -> int:
        """As a number of steps."""
        return round(self.value * (per_epoch if self.unit == "epochs" else 1))


def _duration(value: Any) -> Duration:
    if isinstance(value, Duration):
        return value
    if isinstance(value, Quantity) and value.unit in ("epochs", "steps") and value.value >= 0:
        return Duration(value.value, value.unit)
    raise refuse(f"takes a length of training like `5 epochs` or `1000 steps`, not {shown(value)}")


Length = Annotated[Duration, BeforeValidator(_duration)]


def _pair(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value  # type: ignore[reportUnknownArgumentType] -- pydantic checks the members


#: Two numbers, written as a list.
pair = BeforeValidator(_pair)
