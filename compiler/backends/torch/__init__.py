"""PyTorch source, `model.py`."""

from .. import Backend, Job


class Torch(Backend):
    """A class per distinct block; the file imports torch alone."""

    files = ("model.py",)
    order = 1
    made_with = "torch"

    def write(self, job: Job) -> None:
        from .source import emit

        (job.folder / "model.py").write_text(emit(job.program, plain=job.plain), encoding="utf-8")
