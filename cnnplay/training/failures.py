"""Explains why a run failed: what happened, the likely cause, and what to change."""

import math
import traceback
from collections.abc import Mapping
from typing import Literal, NamedTuple

import torch

from cnnplay.data.images import DataError
from cnnplay.modules.build import BuildError
from cnnplay.network.kinds import kind_of
from cnnplay.network.network import Network, leaves
from cnnplay.network.nodes import Convolution
from cnnplay.spec.settings import TrainConfig
from cnnplay.training.devices import DeviceError
from cnnplay.training.optimizers import SAFE_LEARNING_RATES


class NonFiniteLoss(Exception):
    """The loss is NaN or infinite."""

    def __init__(self, loss: float) -> None:
        super().__init__(f"the loss is {loss}")
        self.loss = loss


class SettingsError(ValueError):
    """Settings out of range; the message names them."""


class NotEnoughMemory(Exception):
    """The run needs more memory than is free, so it was not started. `largest_batch` is the largest batch
    size that fits, or None if none does.
    """

    def __init__(self, message: str, advice: str, largest_batch: int | None) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice
        self.largest_batch = largest_batch


class Explanation(NamedTuple):
    """A failure described for the user; the fields of spec.events.Failed."""

    cause: Literal["non-finite", "memory", "data", "disk", "unforeseen"]
    message: str
    advice: str
    details: str = ""
    setting: str = ""
    value: float | None = None


_DISTRIBUTED_ERRORS = ("gloo/transport", "NCCL")
"""Substrings of torch's errors in the communication between processes."""


def explain(
    error: BaseException, network: Network, config: TrainConfig, updates: int, largest_batch: int | None
) -> Explanation:
    """Describes an error for the user.

    `config` has the settings in effect when it happened; the weights had been updated `updates` times;
    `largest_batch` is the largest batch size that fits, if known.
    """
    match error:
        case NonFiniteLoss():
            return _non_finite(error.loss, network, config, updates)
        case NotEnoughMemory():
            setting = "" if error.largest_batch is None else "batch_size"
            return Explanation(
                "memory", error.message, error.advice, setting=setting, value=error.largest_batch
            )
        case DataError():
            return Explanation("data", str(error), "Choose another data set, or fix its folder.")
        case BuildError() | DeviceError() | SettingsError():
            return Explanation("unforeseen", str(error), "Fix this, then train again.")
        case _ if is_out_of_memory(error):
            return _out_of_memory(error, config, largest_batch)
        case OSError():
            advice = "Free some disk space, or choose another folder. The weights are still in memory."
            return Explanation("disk", f"a file could not be written: {error}", advice, _details(error))
        case ValueError() if "more than 1 value per channel" in str(error):
            message = "batch norm needs more than one value per channel: a batch of one image has no variance"
            return Explanation("data", message, "Use a batch size of 2 or more.", _details(error))
        case RuntimeError() if any(part in str(error) for part in _DISTRIBUTED_ERRORS):
            message = "another process of this run ended or cannot be reached"
            return Explanation(
                "unforeseen",
                message,
                "Run `cnnplay resume` to continue from the last checkpoint.",
                _details(error),
            )
        case _:
            first_line = str(error).partition("\n")[0]
            message = f"unexpected error during training: {first_line or type(error).__name__}"
            return Explanation(
                "unforeseen", message, "Copy the details and report the error.", _details(error)
            )


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a device ran out of memory. CUDA has its own exception type; CPU and MPS only say so in the
    message.
    """
    if isinstance(error, (MemoryError, torch.cuda.OutOfMemoryError)):
        return True
    text = str(error)
    return isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)


def suggested_rate(config: TrainConfig) -> float:
    """A learning rate to try after one that was too high: a tenth of it, but no more than usually works."""
    return float(f"{min(config.learning_rate / 10, SAFE_LEARNING_RATES[config.optimizer]):.1g}")


def overshoot_warning(epoch: int, metrics: Mapping[str, float], classes: int, config: TrainConfig) -> str:
    """A warning if the epoch left the network worse than guessing, whose cross-entropy is ln K for K classes;
    "" otherwise. A first epoch that began badly and ended well gives no warning.
    """
    guessing, loss = math.log(classes), metrics["train_loss"]
    if config.loss != "cross-entropy" or loss < 2 * guessing:
        return ""
    if metrics.get("validation_loss", loss) <= guessing:
        return ""
    return (
        f"epoch {epoch}: the loss was {loss:,.4g}, worse than guessing among {classes} classes "
        f"({guessing:.2f}); a learning rate of {config.learning_rate:g} is probably too high, try "
        f"{suggested_rate(config):g}"
    )


def _non_finite(loss: float, network: Network, config: TrainConfig, updates: int) -> Explanation:
    became = "not a number (NaN)" if loss != loss else "infinite"
    normalized = any(kind_of(node).normalizes for node in leaves(network))
    convolves = any(isinstance(node, Convolution) for node in leaves(network))
    fix = f"batch norm after the {'convolutions' if convolves else 'dense layers'}"
    rate = suggested_rate(config)
    if updates == 0:
        message = f"the loss was {became} before the first step: activations explode inside the network"
        advice = f"Insert {fix}, or use fewer layers."
        return Explanation("non-finite", message, advice)
    message = (
        f"the loss became {became}: with a learning rate of {config.learning_rate:g}, each step probably "
        "overshoots more than the previous one"
    )
    if not normalized:
        message += ", and no layer normalizes the activations"
    advice = f"Try a learning rate of {rate:g}." + ("" if normalized else f" {fix.capitalize()} also helps.")
    return Explanation("non-finite", message, advice, setting="learning_rate", value=rate)


def _out_of_memory(error: BaseException, config: TrainConfig, largest_batch: int | None) -> Explanation:
    message = f"the device ran out of memory at a batch size of {config.batch_size}"
    if largest_batch is None or largest_batch >= config.batch_size:
        # The estimate was too low, or there is none: try half.
        largest_batch = config.batch_size // 2
    if largest_batch < 1:
        advice = "Not even one image fits: use a smaller network or smaller images."
        return Explanation("memory", message, advice, _details(error))
    advice = f"Try a batch size of {largest_batch}."
    return Explanation("memory", message, advice, _details(error), "batch_size", largest_batch)


def _details(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))
