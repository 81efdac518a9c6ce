"""`--device` takes what is there; several processes are refused."""

import pytest
import torch
from vitc.runtime.sections.train import Train
from vitc.runtime.training import devices
from vitc.runtime.training.trainer import Trainer


@pytest.mark.parametrize(
    "name", ["", "gpu", "CUDA", "cuda:", "cuda:-1", "cuda:01", "cuda:1 ", "cuda:١", "cpu:0", "xla", "mps:0", "cuda,cpu"]
)
def test_other_names_are_refused_before_anything_is_read(spec, run, refused, tmp_path, monkeypatch, name):
    monkeypatch.setattr("vitc.application.train.choose", None)
    found, status = refused(run, spec(), device=name)
    assert (found.code, status) == ("V1004", 2)
    assert f"`{name}`" in found.message and not (tmp_path / "run").exists()


@pytest.fixture
def cuda(monkeypatch):
    """Torch with this many CUDA devices, on which no tensor can be made here."""

    def there(count):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
        monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "a card")
        monkeypatch.setattr(torch, "zeros", lambda *args, **options: None)

    return there


@pytest.mark.parametrize(
    ("name", "count", "device"),
    [("auto", 0, "cpu"), ("auto", 2, "cuda:0"), ("cpu", 2, "cpu"), ("cuda", 1, "cuda:0"), ("cuda:1", 2, "cuda:1")],
)
def test_the_device_of_a_name(cuda, name, count, device):
    cuda(count)
    assert devices.chosen(name) == device
    assert devices.described(device) == ("cpu" if device == "cpu" else f"{device} (a card)")


@pytest.mark.parametrize(("name", "count"), [("cuda", 0), ("cuda:0", 0), ("cuda:2", 2), ("cuda:9999", 1), ("mps", 0)])
def test_a_device_that_is_not_there_is_refused_before_the_data_is_read(
    spec, run, refused, cuda, tmp_path, monkeypatch, name, count
):
    cuda(count)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr("vitc.application.train.read", None)
    found, status = refused(run, spec(), device=name)
    assert (found.code, status) == ("V1104", 3)
    assert not (tmp_path / "run").exists()


def test_a_device_that_torch_cannot_use_is_refused(cuda, refused, monkeypatch):
    cuda(1)

    def zeros(*args, **options):
        raise RuntimeError("CUDA error: no kernel image is available\nmore")

    monkeypatch.setattr(torch, "zeros", zeros)
    found, _ = refused(devices.chosen, "cuda")
    assert found.message == "cuda:0 can't be used: CUDA error: no kernel image is available"


@pytest.mark.parametrize(
    ("environment", "several"),
    [
        ({}, False),
        ({"WORLD_SIZE": "1", "RANK": "0", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "1"}, False),
        ({"WORLD_SIZE": "2", "RANK": "0", "LOCAL_RANK": "0"}, True),
        ({"WORLD_SIZE": "8", "LOCAL_WORLD_SIZE": "1"}, True),
        ({"RANK": "3"}, True),
        ({"LOCAL_RANK": "1"}, True),
        ({"OMPI_COMM_WORLD_SIZE": "2"}, True),
        ({"PMI_SIZE": "2", "PMI_RANK": "0"}, True),
        ({"MV2_COMM_WORLD_SIZE": "2"}, True),
        ({"SLURM_STEP_NUM_TASKS": "2", "SLURM_NTASKS": "2"}, True),
        ({"SLURM_NTASKS": "4", "SLURM_PROCID": "0"}, False),  # in a batch script, where one process runs
        ({"WORLD_SIZE": "", "RANK": "none"}, False),
    ],
)
def test_several_processes_are_refused(refused, environment, several):
    if several:
        found, status = refused(devices.refuse_several, environment)
        assert (found.code, status) == ("V1108", 3)
        assert any(f"{name}={value}" in found.message for name, value in environment.items())
    else:
        devices.refuse_several(environment)


def test_torchrun_is_refused_before_any_file(spec, run, refused, tmp_path, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    found, _ = refused(run, spec())
    assert found.code == "V1108" and not (tmp_path / "run").exists()


@pytest.mark.parametrize(("device", "kind"), [("cpu", "cpu"), ("cuda:1", "cuda"), ("mps", "mps")])
def test_mixed_precision_asks_torch_for_the_kind_of_the_device(monkeypatch, device, kind):
    asked = []
    monkeypatch.setattr(torch, "autocast", lambda *args: asked.append(args))
    trainer = object.__new__(Trainer)
    trainer.device = device
    trainer.train = Train.model_validate({"precision": "bf16"})
    trainer._precision()
    assert asked == [(kind, torch.bfloat16)]


@pytest.mark.parametrize(
    ("schedule", "epochs", "found"),
    [
        ("cosine(warmup = 3 epochs)", 2, "error"),
        ("constant(warmup = 9 steps)", 2, "error"),
        ("cosine(5 epochs)", 2, "error"),
        ("cosine(warmup = 2 epochs)", 2, "warning"),
        ("constant(warmup = 8 steps)", 2, "warning"),
        ("cosine(floor = 0.5, warmup = 7 steps)", 2, None),
        ("cosine", 1, None),
    ],
)
def test_a_warm_up_longer_than_the_run_is_refused_at_its_place(spec, run, refused, tmp_path, schedule, epochs, found):
    """64 pictures in batches of 16: 4 steps an epoch."""
    from vitc.runtime.training.train import Listener

    heard = []
    path = spec(f"epochs = {epochs}, batch = 16, schedule = {schedule}")
    if found == "error":
        (diagnostic, status) = refused(run, path)
        assert (diagnostic.code, status) == ("V0606", 1) and not (tmp_path / "run").exists()
    else:
        run(path, listener=Listener(warning=heard.append))
        heard = [d for d in heard if d.code == "V0606"]
        assert [d.severity for d in heard] == ([] if found is None else ["warning"])
        diagnostic = heard[0] if heard else None
    if diagnostic is not None:
        place = diagnostic.span.source.text[diagnostic.span.start : diagnostic.span.end]
        assert place == schedule.partition("(")[2].rpartition("= ")[2].rstrip(")")
