"""The training settings: each field with its limits, unit and help."""

from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from cnnplay.network.fields import FieldInfo, declare, fields_of, violated_limit

MAX_THREADS = 256
"""More could be created, and would bring the machine to a halt."""
MAX_EPOCHS = 100_000

Fit: TypeAlias = Literal["resize", "stem"]
Optimizer: TypeAlias = Literal["sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw"]
Schedule: TypeAlias = Literal["constant", "step", "cosine", "one-cycle"]
Loss: TypeAlias = Literal["cross-entropy", "squared-error"]
Balance: TypeAlias = Literal["off", "loss", "sampling"]
Precision: TypeAlias = Literal["auto", "float32", "bfloat16"]
Initialization: TypeAlias = Literal["default", "he", "xavier", "lecun", "small", "zero"]

GROUPS = {
    "basics": "What every run needs: optimizer, learning rate, batch size and number of epochs.",
    "schedule": "How the learning rate changes during the run.",
    "regularization": "Loss, initial weights, and what keeps the network from memorizing the images.",
    "augmentation": "Random changes to training images, new in each epoch; not for validation images.",
}
"""The groups of settings, in order, each with a description."""

MOMENTUM_USERS = frozenset({"momentum", "nesterov", "rmsprop"})


class TrainConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of a run. Decoding checks types; `setting_problems` checks the limits.

    Changes of those declared `live` take effect in a running run, from its next batch. Adding a field
    requires new versions of the project file and the run record, because an older program would reject it.
    """

    epochs: Annotated[
        int,
        declare(
            "Number of passes over the training images.",
            minimum=1,
            maximum=MAX_EPOCHS,
            live=True,
            group="basics",
        ),
    ] = 20
    batch_size: Annotated[
        int,
        declare(
            "Number of images per training step; gradients are averaged over them.",
            minimum=1,
            maximum=65_536,
            unit="images",
            group="basics",
        ),
    ] = 64
    optimizer: Annotated[
        Optimizer,
        declare(
            "The rule that turns gradients into steps. Momentum keeps a share of the previous step, Nesterov "
            "looks ahead along it; RMSProp divides by the gradients' usual size; Adam does both.",
            group="basics",
        ),
    ] = "adam"
    learning_rate: Annotated[
        float,
        declare(
            "The size of a step. Too large: the loss jumps or becomes NaN. Too small: training is slow.",
            minimum=0,
            maximum=1000,
            exclusive=True,
            live=True,
            group="basics",
        ),
    ] = 1e-3
    momentum: Annotated[
        float,
        declare(
            "The share of the previous step that is kept. Used by momentum, Nesterov and, as its moving "
            "average's decay, RMSProp.",
            minimum=0,
            maximum=0.9999,
            live=True,
            group="basics",
        ),
    ] = 0.9
    weight_decay: Annotated[
        float,
        declare(
            "How strongly each step pulls the weights toward zero.",
            minimum=0,
            maximum=100,
            live=True,
            group="basics",
        ),
    ] = 0.0
    seed: Annotated[
        int,
        declare(
            "Determines the initial weights and the order of the images: same seed and plan, same result.",
            minimum=0,
            maximum=2**31 - 1,
            group="basics",
        ),
    ] = 0
    checkpoint_every: Annotated[
        float,
        declare(
            "How often everything needed to resume the run is written to disk, in addition to after each "
            "epoch. 0: only after each epoch.",
            minimum=0,
            maximum=86_400,
            unit="s",
            live=True,
            group="basics",
            label="checkpoint interval",
        ),
    ] = 30.0

    schedule: Annotated[
        Schedule,
        declare(
            "How the learning rate changes. Constant; step: multiplied by a factor every few epochs; cosine: "
            "down to zero at the end; one cycle: up during the first three tenths, then down.",
            group="schedule",
            live=True,
        ),
    ] = "constant"
    warmup: Annotated[
        float,
        declare(
            "The learning rate grows linearly from near zero over this many epochs, because early gradients "
            "are large. In one cycle, the length of the rise.",
            minimum=0,
            maximum=1000,
            unit="epochs",
            group="schedule",
            label="warm-up",
            live=True,
        ),
    ] = 0.0
    step_every: Annotated[
        int,
        declare(
            "The learning rate is lowered every time this many epochs have passed.",
            minimum=1,
            maximum=100_000,
            unit="epochs",
            group="schedule",
            label="decay every",
            live=True,
        ),
    ] = 10
    step_factor: Annotated[
        float,
        declare(
            "The learning rate is multiplied by this factor at each decay.",
            minimum=0,
            maximum=1,
            exclusive=True,
            group="schedule",
            label="decay factor (γ)",
            live=True,
        ),
    ] = 0.1
    averaging: Annotated[
        float,
        declare(
            "Stochastic weight averaging: the share of the epochs, at the end of the run, whose weights are "
            "averaged; the average is evaluated too. 0: off; 0.25 is common.",
            minimum=0,
            maximum=1,
            group="schedule",
            label="averaging (SWA)",
        ),
    ] = 0.0
    early_stopping: Annotated[
        int,
        declare(
            "Ends the run if validation has not improved for this many epochs. 0: off.",
            minimum=0,
            maximum=100_000,
            unit="epochs",
            group="schedule",
            live=True,
        ),
    ] = 0

    loss: Annotated[
        Loss,
        declare(
            "What training minimizes. Cross-entropy: −log of the true class's probability (binary with one "
            "output unit). Squared error: between probabilities and one-hot targets.",
            group="regularization",
        ),
    ] = "cross-entropy"
    label_smoothing: Annotated[
        float,
        declare(
            "Takes this share from the true class's target and spreads it over all classes, so that the "
            "network does not become overconfident. 0.1 is common.",
            minimum=0,
            maximum=0.99,
            group="regularization",
            live=True,
        ),
    ] = 0.0
    class_balance: Annotated[
        Balance,
        declare(
            "If classes differ in size: give rare classes more weight in the loss, or draw their images more "
            "often.",
            group="regularization",
        ),
    ] = "off"
    gradient_clipping: Annotated[
        float,
        declare(
            "Limits the norm of the gradient of all weights together. 0: off.",
            minimum=0,
            maximum=1e6,
            group="regularization",
            live=True,
        ),
    ] = 0.0
    initialisation: Annotated[
        Initialization,
        declare(
            "The initial weights. He: variance 2/fan-in, for ReLU. Xavier: 2/(fan-in + fan-out), for tanh. "
            "LeCun: 1/fan-in. Small: normal with σ 0.01. Zero: all units of a layer stay identical. Default: "
            "torch's, uniform between ±1/√fan-in.",
            group="regularization",
            label="initialization",
        ),
    ] = "default"

    shift: Annotated[
        int,
        declare(
            "Shifts images by up to this many pixels in each direction; edge pixels are repeated.",
            minimum=0,
            maximum=64,
            unit="px",
            group="augmentation",
            live=True,
        ),
    ] = 0
    rotate: Annotated[
        float,
        declare(
            "Rotates images by up to this angle in either direction.",
            minimum=0,
            maximum=180,
            unit="°",
            group="augmentation",
            live=True,
        ),
    ] = 0.0
    crop: Annotated[
        float,
        declare(
            "Crops up to this share of an image's area and resizes the rest to full size.",
            minimum=0,
            maximum=0.95,
            group="augmentation",
            live=True,
        ),
    ] = 0.0
    flip: Annotated[
        bool,
        declare(
            "Flips images horizontally with probability ½. Not for digits.", group="augmentation", live=True
        ),
    ] = False
    colour: Annotated[
        float,
        declare(
            "Varies brightness, contrast and, in color images, saturation by up to this share.",
            minimum=0,
            maximum=1,
            group="augmentation",
            label="color",
            live=True,
        ),
    ] = 0.0
    erase: Annotated[
        float,
        declare(
            "Erases a rectangle in this share of the images, so that the network does not rely on a single "
            "spot.",
            minimum=0,
            maximum=1,
            group="augmentation",
            live=True,
        ),
    ] = 0.0
    mixup: Annotated[
        float,
        declare(
            "Mixes pairs of images and their labels in a ratio drawn from Beta(α, α). 0: off; 0.2 is common.",
            minimum=0,
            maximum=10,
            group="augmentation",
            live=True,
        ),
    ] = 0.0

    device: Annotated[str, declare("The computing device: auto, cpu, cuda, cuda:1 or mps.", hidden=True)] = (
        "auto"
    )
    threads: Annotated[
        int | None,
        declare(
            "Number of CPU threads; chosen automatically if empty.",
            minimum=1,
            maximum=MAX_THREADS,
            hidden=True,
        ),
    ] = None
    precision: Annotated[
        Precision,
        declare(
            "The number format of forward and backward passes; weights always have 32 bits. auto: bfloat16 "
            "on GPUs that support it.",
            hidden=True,
        ),
    ] = "auto"
    sync_batch_norm: Annotated[
        bool,
        declare(
            "With several GPU processes, batch norm takes its statistics over the whole batch.", hidden=True
        ),
    ] = False
    fit: Annotated[
        Fit,
        declare(
            "If images and network differ in size: resize the images, or adapt the network's first layers to "
            "the images.",
            hidden=True,
        ),
    ] = "resize"


class SettingProblem(msgspec.Struct, frozen=True):
    """A setting out of range; the message is for the user."""

    field: str
    message: str


def setting_problems(config: TrainConfig) -> tuple[SettingProblem, ...]:
    """All settings out of range, ``learning rate must be more than 0; got 0``."""
    found = []
    for field in fields_of(TrainConfig):
        value = getattr(config, field.name)
        expected = violated_limit(field, value)
        if expected is not None:
            message = f"{field.label} must be {expected}; got {format_value(value)}"
            found.append(SettingProblem(field.name, message))
    threads = config.threads
    if threads is not None and not 1 <= threads <= MAX_THREADS:
        expected = "1 or more" if threads < 1 else f"at most {MAX_THREADS}"
        found.append(SettingProblem("threads", f"threads must be {expected}; got {threads:,}"))
    return tuple(found)


def setting_fields() -> tuple[FieldInfo, ...]:
    """The settings that the user can edit, in order."""
    return fields_of(TrainConfig)


def live_settings() -> frozenset[str]:
    """The settings that can change during a run."""
    return frozenset(field.name for field in setting_fields() if field.live)


def unused_reason(config: TrainConfig, name: str) -> str:
    """Why a setting has no effect given the others; "" if it has one."""
    if name == "momentum" and config.optimizer not in MOMENTUM_USERS:
        return f"is not used by {config.optimizer}: use momentum, nesterov or rmsprop"
    if name in ("step_every", "step_factor") and config.schedule != "step":
        return f"is not used by a {config.schedule} schedule: use step"
    return ""


def format_value(value: Any) -> str:
    """A setting's value as text."""
    return f"{value:,.10g}" if isinstance(value, int | float) else str(value)
