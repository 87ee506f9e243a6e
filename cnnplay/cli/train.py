"""`cnnplay train NETWORK`: settings are checked, the network adapted, the run trained and kept."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import msgspec

from cnnplay.cli.arguments import numbers, one_of
from cnnplay.cli.carry import HearNoMore, carry_through
from cnnplay.cli.networks import find_network, remember_run
from cnnplay.cli.output import shortened
from cnnplay.cli.problems import Mistake, mistakes
from cnnplay.cli.train_report import Reporter, reporter
from cnnplay.data.paths import at_home
from cnnplay.network.fields import complaint, fields_of
from cnnplay.network.network import Input, Network
from cnnplay.spec.settings import Fit, Optimizer, Precision, TrainConfig, faults, setting_fields, why_unused

if TYPE_CHECKING:
    from cnnplay.data.images import ImageSet
    from cnnplay.runs.recorder import RunRecorder
    from cnnplay.training.job import Job


class Asked(NamedTuple):
    """What was asked for on the command line."""

    network: str
    data: str
    settings: dict[str, Any]
    size: str | None
    out: Path | None
    json: bool


class Order(NamedTuple):
    """What is trained, once everything that was asked for was found to be sound."""

    network: Network
    config: TrainConfig
    images: "ImageSet"
    out: Path | None


def run(asked: Asked, hear_no_more: HearNoMore) -> int:
    """Trains from the first to the last epoch, and returns the exit status.

    Where a signal ended it, all signals that do go to `hear_no_more` as soon as everything is written.
    """
    report = reporter(asked.json)
    order, notes = order_of(asked, report)
    return carry_through(lambda: _folder(order), _job(order), report, notes, hear_no_more)


def order_of(asked: Asked, report: Reporter) -> tuple[Order, tuple[str, ...]]:
    """What was asked for, its data loaded and its network adapted to them, and what is worth telling of it.
    Mistake for what cannot be trained so.
    """
    config = _config(asked)
    size = _size(asked.size, config)
    found = find_network(asked.network)
    out = None if asked.out is None else at_home(asked.out)
    _check_place(out)
    images = load_data(asked.data, report)
    network, changes = _adapted(found.network, images, config, size)
    _check_network(network)
    _check_device(config.device)
    config, pinned = _with_cores(config)
    from cnnplay.shapes.infer import infer
    from cnnplay.training.forecast import forecast
    from cnnplay.training.team import team_of_environment

    foreseen = forecast(network, infer(network), config, images, team=team_of_environment()).words
    notes = (
        *(f"{network.name}: {change}" for change in changes),
        *shortened(images.problems),
        *pinned,
        *_without_effect(config),
        f"forecast: {foreseen}",
    )
    return Order(network, config, images, out), notes


def _config(asked: Asked) -> TrainConfig:
    one_of("--optimizer", asked.settings["optimizer"], get_args(Optimizer))
    one_of("--precision", asked.settings["precision"], get_args(Precision))
    one_of("--fit", asked.settings["fit"], get_args(Fit))
    config = TrainConfig(**asked.settings)
    found = faults(config)
    if found:
        raise Mistake("; ".join(fault.message for fault in found))
    return config


def _size(text: str | None, config: TrainConfig) -> tuple[int, ...] | None:
    if text is None:
        return None
    size = numbers("--size", "H,W", text)
    if config.fit != "stem":
        raise Mistake("--size goes with --fit stem; under resize the pictures take the network's size")
    limits = {field.name: field for field in fields_of(Input)}
    for name, value in zip(("height", "width"), size, strict=True):
        expected = complaint(limits[name], value)
        if expected is not None:
            raise Mistake(f"--size must be H,W, each {expected}; got {text}")
    return size


def _with_cores(config: TrainConfig) -> tuple[TrainConfig, tuple[str, ...]]:
    """With no more threads than run at once: more would only wait for one another."""
    from cnnplay.training.devices import cores

    most = cores()
    if config.threads is None or config.threads <= most:
        return config, ()
    note = f"threads: {config.threads} becomes {most}, as many as this machine's cores"
    return msgspec.structs.replace(config, threads=most), (note,)


def _without_effect(config: TrainConfig) -> tuple[str, ...]:
    """A line for each setting that was changed and does nothing beside the others."""
    changed = [field for field in setting_fields() if getattr(config, field.name) != field.default]
    return tuple(f"{field.label} {why}" for field in changed if (why := why_unused(config, field.name)))


def load_data(key: str, report: Reporter) -> "ImageSet":
    from cnnplay.data.catalogue import DataError, load

    with mistakes(DataError), report.loading() as progress:
        return load(key, progress=progress)


def _adapted(
    network: Network, images: "ImageSet", config: TrainConfig, size: tuple[int, ...] | None
) -> tuple[Network, tuple[str, ...]]:
    """The network for these pictures and classes, and the changes in words."""
    from cnnplay.shapes.adapt import adapt

    shape = images.shape
    if config.fit == "stem":
        if size is not None:
            shape = (images.channels, size[0], size[1])
        elif shape is None:
            raise Mistake(f"{images.title} has pictures of mixed sizes: --fit stem needs --size H,W")
    adapted = adapt(network, shape or network.input.shape, len(images.classes), config.fit)
    return adapted.edited.network, adapted.changes


def _check_network(network: Network) -> None:
    from cnnplay.shapes.infer import infer

    channels = network.input.channels
    if channels not in (1, 3):
        raise Mistake(
            f"{network.name}: the input must have 1 channel (grey) or 3 (colour) for pictures; it has "
            f"{channels}: change it, or --fit stem gives it the pictures' own"
        )
    report = infer(network)
    found = report.faults
    if report.why_untrainable:
        raise Mistake(f"{network.name}: {report.why_untrainable}")
    if found:
        more = f" (and {len(found) - 1} more: see cnnplay summary)" if len(found) > 1 else ""
        raise Mistake(f"{network.name} has faults: {found[0].message}{more}")


def _check_device(device: str) -> None:
    from cnnplay.training.devices import DeviceError, resolve
    from cnnplay.training.team import team_of_environment

    team = team_of_environment()
    with mistakes(DeviceError):
        if team is None:
            resolve(device)
        else:
            team.device(device)


def _check_place(out: Path | None) -> None:
    from cnnplay.runs.files import is_free

    with suppress(OSError):  # a name that no disk takes; making the folder says so
        taken = out is not None and (out.exists() or out.is_symlink()) and not is_free(out)
        if taken and _leads():
            raise Mistake(f"--out must be a new or an empty folder; got {out}")


def _leads() -> bool:
    """Of a team's processes one makes the folder, and says where it cannot."""
    from cnnplay.training.team import team_of_environment

    team = team_of_environment()
    return team is None or team.leads


def _job(order: Order) -> "Job":
    from cnnplay.training.job import Job

    return Job("", order.network, order.config, order.images)


def _folder(order: Order) -> "RunRecorder":
    from cnnplay.runs.record import RunError, RunWriteError
    from cnnplay.runs.recorder import RunRecorder

    with mistakes(RunError, problem=RunWriteError):
        made = RunRecorder.create(
            order.out,
            network=order.network,
            config=order.config,
            data=order.images.key,
            mark=order.images.mark,
        )
    remember_run(made.path)
    return made
