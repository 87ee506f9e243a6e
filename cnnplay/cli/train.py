"""`cnnplay train NETWORK`: checks settings, fits the network to the data, trains, and writes the run."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import msgspec

from cnnplay.cli.arguments import check_choice, parse_numbers
from cnnplay.cli.errors import UserError, as_user_errors
from cnnplay.cli.interruptible import IgnoreSignals, run_interruptible
from cnnplay.cli.networks import described_network, has_trained_weights, remember_run
from cnnplay.cli.train_report import Reporter, reporter
from cnnplay.data.paths import expand_user
from cnnplay.network.describe import shape_text
from cnnplay.network.fields import fields_of, violated_limit
from cnnplay.network.network import Input, Network
from cnnplay.spec.settings import (
    Fit,
    Optimizer,
    Precision,
    TrainConfig,
    setting_fields,
    setting_problems,
    unused_reason,
)

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet
    from cnnplay.modules.weights import Weights
    from cnnplay.runs.recorder import RunRecorder
    from cnnplay.training.job import Job


class TrainArguments(NamedTuple):
    """The arguments as given on the command line."""

    network: str
    data: str
    settings: dict[str, Any]
    size: str | None
    out: Path | None
    json: bool
    source: "Source | None" = None


class Source(NamedTuple):
    """Where the first weights come from: `--from`, `--weights` and `--match`."""

    text: str
    which: str
    match: str | None


class RunRequest(NamedTuple):
    """What is trained, after all arguments were checked."""

    network: Network
    config: TrainConfig
    images: "ImageSet"
    out: Path | None
    initial: "Weights | None" = None


def run(arguments: TrainArguments, ignore_signals: IgnoreSignals) -> int:
    """Trains all epochs and returns the exit status.

    If a signal stopped the run, `ignore_signals` gets all handled signals once everything is written.
    """
    report = reporter(arguments.json)
    request, notes = make_request(arguments, report)
    if arguments.source is None and has_trained_weights(arguments.network):
        seed, text = request.config.seed, arguments.network
        notes += (f"starts with random weights (seed {seed}); --from {text} starts with those of {text}",)
    return run_interruptible(lambda: _folder(request), _job(request), report, notes, ignore_signals)


def make_request(arguments: TrainArguments, report: Reporter) -> tuple[RunRequest, tuple[str, ...]]:
    """Loads the data and fits the network to it. Returns the request and notes for the user.

    UserError if it cannot be trained.
    """
    config = _config(arguments)
    size = _size(arguments.size, config)
    found = described_network(arguments.network)
    out = None if arguments.out is None else expand_user(arguments.out)
    _check_place(out)
    images = load_data(arguments.data, report)
    network, changes = _adapted(found, images, config, size)
    check_network(network)
    _check_device(config.device)
    config, pinned = _with_cores(config)
    initial, taken = _initial(arguments.source, network, config)
    from cnnplay.shapes.infer import infer
    from cnnplay.training.distributed import distributed_from_environment
    from cnnplay.training.estimate import estimate

    estimated = estimate(
        network, infer(network), config, images, distributed=distributed_from_environment()
    ).summary
    notes = (
        *(f"{network.name}: {change}" for change in changes),
        *data_notes(images),
        *pinned,
        *_without_effect(config),
        *taken,
        f"estimate: {estimated}",
    )
    return RunRequest(network, config, images, out, initial), notes


def _initial(
    source: Source | None, network: Network, config: TrainConfig
) -> "tuple[Weights | None, tuple[str, ...]]":
    if source is None:
        return None, ()
    from cnnplay.cli.initial_weights import initial_weights

    return initial_weights(source.text, source.which, source.match, network, config)


def _config(arguments: TrainArguments) -> TrainConfig:
    check_choice("--optimizer", arguments.settings["optimizer"], get_args(Optimizer))
    check_choice("--precision", arguments.settings["precision"], get_args(Precision))
    check_choice("--fit", arguments.settings["fit"], get_args(Fit))
    config = TrainConfig(**arguments.settings)
    found = setting_problems(config)
    if found:
        raise UserError("; ".join(problem.message for problem in found))
    return config


def _size(text: str | None, config: TrainConfig) -> tuple[int, ...] | None:
    if text is None:
        return None
    size = parse_numbers("--size", "H,W", text)
    if config.fit != "stem":
        raise UserError("--size needs --fit stem; with --fit resize, images take the network's input size")
    limits = {field.name: field for field in fields_of(Input)}
    for name, value in zip(("height", "width"), size, strict=True):
        expected = violated_limit(limits[name], value)
        if expected is not None:
            raise UserError(f"--size must be H,W, each {expected}; got {text}")
    return size


def _with_cores(config: TrainConfig) -> tuple[TrainConfig, tuple[str, ...]]:
    """Caps the threads at the number of cores: more would only wait for one another."""
    from cnnplay.training.devices import core_count

    most = core_count()
    if config.threads is None or config.threads <= most:
        return config, ()
    note = f"threads: {config.threads} reduced to {most}, the number of cores"
    return msgspec.structs.replace(config, threads=most), (note,)


def _without_effect(config: TrainConfig) -> tuple[str, ...]:
    """A line for each changed setting that has no effect in combination with the others."""
    changed = [field for field in setting_fields() if getattr(config, field.name) != field.default]
    return tuple(f"{field.label} {why}" for field in changed if (why := unused_reason(config, field.name)))


def load_data(key: str, report: Reporter) -> "ImageSet":
    from cnnplay.data.catalog import DataError, load

    with as_user_errors(DataError), report.loading() as progress:
        return load(key, progress=progress)


def data_notes(images: "ImageSet") -> tuple[str, ...]:
    """What a folder was taken for and what is left out of it; nothing for the published data sets."""
    from cnnplay.data.description import describe
    from cnnplay.data.folder import PREFIX

    if not images.key.startswith(PREFIX):
        return ()
    found = describe(images)
    left_out = (f"left out: {group.line}" for group in found.left_out)
    return (f"{found.title}: {found.line}", *found.remarks, *left_out)


def _adapted(
    network: Network, images: "ImageSet", config: TrainConfig, size: tuple[int, ...] | None
) -> tuple[Network, tuple[str, ...]]:
    """The network fitted to these images and classes; a line for each change, and for what images lose."""
    from cnnplay.data.input_size import is_choice, loss_text, size_text, suggested_shape
    from cnnplay.shapes.adapt import adapt

    own = network.input.shape
    fitted = images.shape or suggested_shape(images, own)
    if size is not None:
        fitted = images.channels, size[0], size[1]
    stem = config.fit == "stem"
    adapted = adapt(network, fitted if stem else own, len(images.classes), config.fit)
    notes = [*adapted.changes, loss_text(images, adapted.edited.network.input.shape)]
    if not stem and is_choice(images, own):
        notes.append(f"--fit stem would fit it to the images: {shape_text(fitted)}")
    elif stem and size is None and images.shape is None:
        notes.append(f"{shape_text(fitted)} is suggested: the images have {size_text(images)}")
    return adapted.edited.network, tuple(note for note in notes if note)


def check_network(network: Network) -> None:
    """UserError if the network has problems or cannot take images."""
    from cnnplay.shapes.infer import infer

    channels = network.input.channels
    if channels not in (1, 3):
        raise UserError(
            f"{network.name}: the input must have 1 channel (grayscale) or 3 (RGB); it has {channels}: "
            "change it, or use --fit stem"
        )
    report = infer(network)
    found = report.problems
    if report.untrainable_reason:
        raise UserError(f"{network.name}: {report.untrainable_reason}")
    if found:
        more = f" (and {len(found) - 1} more: see cnnplay summary)" if len(found) > 1 else ""
        raise UserError(f"{network.name} has problems: {found[0].message}{more}")


def _check_device(device: str) -> None:
    from cnnplay.training.devices import DeviceError, resolve
    from cnnplay.training.distributed import distributed_from_environment

    distributed = distributed_from_environment()
    with as_user_errors(DeviceError):
        if distributed is None:
            resolve(device)
        else:
            distributed.device(device)


def _check_place(out: Path | None) -> None:
    from cnnplay.runs.files import is_free

    with suppress(OSError):  # an invalid name; making the folder reports it
        taken = out is not None and (out.exists() or out.is_symlink()) and not is_free(out)
        if taken and _leads():
            raise UserError(f"--out must be a new or empty folder; got {out}")


def _leads() -> bool:
    """Of a team's processes one makes the folder, and says where it cannot."""
    from cnnplay.training.distributed import distributed_from_environment

    distributed = distributed_from_environment()
    return distributed is None or distributed.is_main


def _job(request: RunRequest) -> "Job":
    from cnnplay.training.job import Job

    return Job("", request.network, request.config, request.images, initial=request.initial)


def _folder(request: RunRequest) -> "RunRecorder":
    from cnnplay.runs.record import RunError, RunWriteError
    from cnnplay.runs.recorder import RunRecorder

    with as_user_errors(RunError, problem=RunWriteError):
        made = RunRecorder.create(
            request.out,
            network=request.network,
            config=request.config,
            data=request.images.key,
            mark=request.images.mark,
        )
    remember_run(made.path)
    return made
