"""The bases of all schemas."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """Nothing unknown, nothing converted silently, nothing changed later."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class Plugin(Strict):
    """One of several ways that a spec names (`adamw`): its fields are its settings, its methods what it does.

    A way is a class in a file of its own; the base class of its folder says which methods it has.
    """

    @property
    def name(self) -> str:
        """The word of the language: the name of the file."""
        return type(self).__module__.rpartition(".")[2]
