"""ONNX, `model.onnx`."""

from .. import Backend, Job


class Onnx(Backend):
    """Large weights go to a file of their own beside the graph."""

    files = ("model.onnx", "model.onnx.data")
    order = 3
    made_with = "onnx"

    def write(self, job: Job) -> None:
        from .writer import readers, write

        write(job.graph, readers(job.weights), job.folder / "model.onnx", job.metadata)
