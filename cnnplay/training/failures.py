"""Why a run ended badly, in words: what happened, the likely cause, and the change to try."""

import math
import traceback
from collections.abc import Mapping
from typing import Literal, NamedTuple

import torch

from cnnplay.data.images import DataError
from cnnplay.modules.build import BuildError
from cnnplay.network.network import Network, leaves
from cnnplay.network.nodes import BatchNormalisation, Convolution, LocalResponseNormalisation
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.devices import DeviceError
from cnnplay.training.optimizers import SAFE_RATES


class NonFinite(Exception):
    """A loss that is no finite number."""

    def __init__(self, loss: float) -> None:
        super().__init__(f"the loss is {loss}")
        self.loss = loss


class BadSettings(ValueError):
    """Settings outside their limits; the message names them."""


class DoesNotFit(Exception):
    """A run that needs more memory than is free; not started. `largest_batch` fits; None where none does."""

    def __init__(self, message: str, advice: str, largest_batch: int | None) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice
        self.largest_batch = largest_batch


class Explained(NamedTuple):
    """A failure for people; the fields of spec.events.Failed."""

    cause: Literal["non-finite", "memory", "data", "disk", "unforeseen"]
    message: str
    advice: str
    details: str = ""
    setting: str = ""
    value: float | None = None


_OF_A_TEAM = ("gloo/transport", "NCCL")
"""What torch's errors of processes that talk to each other have in them."""


def explain(
    error: BaseException, network: Network, config: TrainConfig, updates: int, largest_batch: int | None
) -> Explained:
    """What to tell people. `config` are the settings in force when it happened; `updates` steps had changed
    the weights; `largest_batch` fits, where known.
    """
    match error:
        case NonFinite():
            return _non_finite(error.loss, network, config, updates)
        case DoesNotFit():
            setting = "" if error.largest_batch is None else "batch_size"
            return Explained(
                "memory", error.message, error.advice, setting=setting, value=error.largest_batch
            )
        case DataError():
            return Explained("data", str(error), "Choose another data set, or mend its folder.")
        case BuildError() | DeviceError() | BadSettings():
            return Explained("unforeseen", str(error), "Mend this, then train again.")
        case _ if is_out_of_memory(error):
            return _out_of_memory(error, config, largest_batch)
        case OSError():
            advice = "Make room, or choose another folder. The weights are still in memory."
            return Explained("disk", f"a file could not be written: {error}", advice, _details(error))
        case ValueError() if "more than 1 value per channel" in str(error):
            message = "batch norm cannot work on one number a channel: a batch of one picture has no variance"
            return Explained("data", message, "Use a batch size of 2 or more.", _details(error))
        case RuntimeError() if any(sign in str(error) for sign in _OF_A_TEAM):
            message = "another process of this run ended, or can no longer be reached"
            return Explained(
                "unforeseen", message, "`cnnplay resume` goes on from the last checkpoint.", _details(error)
            )
        case _:
            first_line = str(error).partition("\n")[0]
            message = f"training met an unforeseen error: {first_line or type(error).__name__}"
            return Explained("unforeseen", message, "Copy the details and report them.", _details(error))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a device had no memory left: CUDA has an error of its own, CPU and MPS say it in words."""
    if isinstance(error, (MemoryError, torch.cuda.OutOfMemoryError)):
        return True
    text = str(error)
    return isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)


def suggested_rate(config: TrainConfig) -> float:
    """A learning rate to try after one that was too high: a tenth, and at most what usually works."""
    return float(f"{min(config.learning_rate / 10, SAFE_RATES[config.optimizer]):.1g}")


def overshot(epoch: int, metrics: Mapping[str, float], classes: int, config: TrainConfig) -> str:
    """What to tell of an epoch that made the network worse than guessing, whose cross-entropy is ln K; ""
    where it did not. A first epoch that began badly and ended well is none.
    """
    guessing, loss = math.log(classes), metrics["train_loss"]
    if config.loss != "cross-entropy" or loss < 2 * guessing:
        return ""
    if metrics.get("validation_loss", loss) <= guessing:
        return ""
    return (
        f"in epoch {epoch} the loss was {loss:,.4g}, where guessing among {classes} classes has "
        f"{guessing:.2f}: a learning rate of {config.learning_rate:g} is probably too high; try "
        f"{suggested_rate(config):g}"
    )


def _non_finite(loss: float, network: Network, config: TrainConfig, updates: int) -> Explained:
    became = "not a number (NaN)" if loss != loss else "infinite"
    normalised = any(
        isinstance(node, BatchNormalisation | LocalResponseNormalisation) for node in leaves(network)
    )
    convolves = any(isinstance(node, Convolution) for node in leaves(network))
    mend = f"batch norm after the {'convolutions' if convolves else 'dense layers'}"
    rate = suggested_rate(config)
    if updates == 0:
        message = f"the loss was {became} before the first step: the activations explode inside the network"
        advice = f"Insert {mend}, or use fewer layers."
        return Explained("non-finite", message, advice)
    message = (
        f"the loss became {became}: with a learning rate of {config.learning_rate:g} each step probably "
        "overshoots further than the one before"
    )
    if not normalised:
        message += ", and no layer normalises the activations"
    advice = f"Try a learning rate of {rate:g}." + ("" if normalised else f" {mend.capitalize()} also helps.")
    return Explained("non-finite", message, advice, setting="learning_rate", value=rate)


def _out_of_memory(error: BaseException, config: TrainConfig, largest_batch: int | None) -> Explained:
    message = f"the device ran out of memory at a batch size of {config.batch_size}"
    if largest_batch is None or largest_batch >= config.batch_size:
        # The forecast was too hopeful, or nothing is known: half is a start.
        largest_batch = config.batch_size // 2
    if largest_batch < 1:
        advice = "Not even one picture fits: use a smaller network or smaller pictures."
        return Explained("memory", message, advice, _details(error))
    advice = f"Try a batch size of {largest_batch}."
    return Explained("memory", message, advice, _details(error), "batch_size", largest_batch)


def _details(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))
