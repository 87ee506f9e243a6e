"""What a run is asked to do: the training settings, each field with its limits, unit and help."""

from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from cnnplay.network.fields import FieldInfo, complaint, declare, fields_of

MOST_THREADS = 256
"""More would be made in earnest, and the machine would stand still."""

Fit: TypeAlias = Literal["resize", "stem"]
Optimizer: TypeAlias = Literal["sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw"]
Schedule: TypeAlias = Literal["constant", "step", "cosine", "one-cycle"]
Loss: TypeAlias = Literal["cross-entropy", "squared-error"]
Balance: TypeAlias = Literal["off", "loss", "sampling"]
Precision: TypeAlias = Literal["auto", "float32", "bfloat16"]
Initialisation: TypeAlias = Literal["default", "he", "xavier", "lecun", "small", "zero"]

GROUPS = {
    "basics": "What every run needs: the rule, its step size, how much at a time and how long.",
    "schedule": "How the learning rate moves during the run.",
    "regularisation": "The loss, where weights begin, and what keeps them from learning by heart.",
    "augmentation": "How training pictures are varied, anew in each epoch; validation sees them as they are.",
}
"""The settings' groups in their order, each in a sentence."""

MOMENTUM_USERS = frozenset({"momentum", "nesterov", "rmsprop"})


class TrainConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of a run. Decoding checks types; `faults` checks the limits.

    Those declared `live` act on a run that is on, from its next batch. Who adds a field raises the versions
    of a project and of a run's record, as an older program would refuse it.
    """

    epochs: Annotated[
        int,
        declare(
            "How often every training picture is seen.", minimum=1, maximum=100_000, live=True, group="basics"
        ),
    ] = 20
    batch_size: Annotated[
        int,
        declare(
            "How many pictures one step averages over.",
            minimum=1,
            maximum=65_536,
            unit="pictures",
            group="basics",
        ),
    ] = 64
    optimizer: Annotated[
        Optimizer,
        declare(
            "The rule that turns gradients into steps. Momentum keeps a part of the step before, Nesterov "
            "looks ahead along it; RMSProp divides by the gradients' usual size; Adam does both.",
            group="basics",
        ),
    ] = "adam"
    learning_rate: Annotated[
        float,
        declare(
            "The size of a step. Too large and the loss jumps or becomes NaN; too small and nothing happens.",
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
            "How much of the step before is kept; used by momentum, Nesterov and RMSProp's moving "
            "average alone.",
            minimum=0,
            maximum=0.9999,
            live=True,
            group="basics",
        ),
    ] = 0.9
    weight_decay: Annotated[
        float,
        declare(
            "How strongly weights are pulled to zero at each step.",
            minimum=0,
            maximum=100,
            live=True,
            group="basics",
        ),
    ] = 0.0
    seed: Annotated[
        int,
        declare(
            "Decides the initial weights and the order of the pictures: same seed and plan, same result.",
            minimum=0,
            maximum=2**31 - 1,
            group="basics",
        ),
    ] = 0
    checkpoint_every: Annotated[
        float,
        declare(
            "So often all that the run needs to go on is written to the disk, and after each epoch. 0 leaves "
            "it at the epochs.",
            minimum=0,
            maximum=86_400,
            unit="s",
            live=True,
            group="basics",
            label="save every",
        ),
    ] = 30.0

    schedule: Annotated[
        Schedule,
        declare(
            "How the learning rate moves: constant; in steps, times a factor every so many epochs; down a "
            "cosine to zero at the end; one cycle, up in the first three tenths and then down.",
            group="schedule",
            live=True,
        ),
    ] = "constant"
    warmup: Annotated[
        float,
        declare(
            "Over so many epochs the rate grows in a line from near zero: early gradients are wild. "
            "In one cycle it is the length of the way up.",
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
            "The rate is lowered after every so many epochs.",
            minimum=1,
            maximum=100_000,
            unit="epochs",
            group="schedule",
            live=True,
        ),
    ] = 10
    step_factor: Annotated[
        float,
        declare(
            "What the rate is multiplied by at each step.",
            minimum=0,
            maximum=1,
            exclusive=True,
            group="schedule",
            live=True,
        ),
    ] = 0.1
    averaging: Annotated[
        float,
        declare(
            "Stochastic weight averaging: over this last part of the epochs the weights are averaged, and "
            "the average is judged too. 0 is off; 0.25 is usual.",
            minimum=0,
            maximum=1,
            group="schedule",
        ),
    ] = 0.0
    early_stopping: Annotated[
        int,
        declare(
            "The run ends once the validation has not become better for so many epochs. 0 is off.",
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
            "What is made small. Cross-entropy: −log of the true class's probability (with one output unit "
            "the binary one). Squared error: of the probabilities against one-hot targets.",
            group="regularisation",
        ),
    ] = "cross-entropy"
    label_smoothing: Annotated[
        float,
        declare(
            "The target of the true class is 1 less this, which all classes share: the network need not "
            "become ever surer. 0.1 is usual.",
            minimum=0,
            maximum=0.99,
            group="regularisation",
            live=True,
        ),
    ] = 0.0
    class_balance: Annotated[
        Balance,
        declare(
            "Where classes differ in number: weigh a rare class more in the loss, or draw its pictures "
            "more often.",
            group="regularisation",
        ),
    ] = "off"
    gradient_clipping: Annotated[
        float,
        declare(
            "A gradient longer than this (all weights together) is shortened to it. 0 is off.",
            minimum=0,
            maximum=1e6,
            group="regularisation",
            live=True,
        ),
    ] = 0.0
    initialisation: Annotated[
        Initialisation,
        declare(
            "Where weights begin. He: variance 2/fan-in, for ReLU. Xavier: 2/(fan-in + fan-out), for tanh. "
            "LeCun: 1/fan-in. Small: normal with σ 0.01. Zero: all units of a layer stay alike. Default: "
            "torch's, uniform between ±1/√fan-in.",
            group="regularisation",
        ),
    ] = "default"

    shift: Annotated[
        int,
        declare(
            "Moves a picture by up to so many pixels each way; the edge is repeated.",
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
            "Turns a picture by up to so many degrees either way.",
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
            "Cuts away up to this part of a picture's area and enlarges the rest.",
            minimum=0,
            maximum=0.95,
            group="augmentation",
            live=True,
        ),
    ] = 0.0
    flip: Annotated[
        bool,
        declare(
            "Mirrors every second picture, left to right. Not for digits.", group="augmentation", live=True
        ),
    ] = False
    colour: Annotated[
        float,
        declare(
            "Varies brightness, contrast and, in colour pictures, saturation by up to this part.",
            minimum=0,
            maximum=1,
            group="augmentation",
            live=True,
        ),
    ] = 0.0
    erase: Annotated[
        float,
        declare(
            "Blanks a rectangle out of so large a part of the pictures: the network must not rely on "
            "one spot.",
            minimum=0,
            maximum=1,
            group="augmentation",
            live=True,
        ),
    ] = 0.0
    mixup: Annotated[
        float,
        declare(
            "Mixes two pictures and their labels, in a proportion drawn from Beta(α, α). 0 is off; "
            "0.2 is usual.",
            minimum=0,
            maximum=10,
            group="augmentation",
            live=True,
        ),
    ] = 0.0

    device: Annotated[str, declare("Where it is computed: auto, cpu, cuda, cuda:1 or mps.", hidden=True)] = (
        "auto"
    )
    threads: Annotated[
        int | None,
        declare(
            "Computing threads; empty lets the engine choose.", minimum=1, maximum=MOST_THREADS, hidden=True
        ),
    ] = None
    precision: Annotated[
        Precision,
        declare(
            "In how many bits forward and backward are computed; weights always have 32. auto: 16 on GPUs "
            "that have bfloat16.",
            hidden=True,
        ),
    ] = "auto"
    sync_batch_norm: Annotated[
        bool,
        declare(
            "Of several processes on GPUs: batch norm takes its statistics over the whole batch.", hidden=True
        ),
    ] = False
    fit: Annotated[
        Fit,
        declare(
            "Where pictures and network differ in size: bring the pictures to the network, or adapt the "
            "network's first layers to the pictures.",
            hidden=True,
        ),
    ] = "resize"


class SettingFault(msgspec.Struct, frozen=True):
    """A setting outside its limits; the message is for people."""

    field: str
    message: str


def faults(config: TrainConfig) -> tuple[SettingFault, ...]:
    """All settings that break their limits, ``learning rate must be more than 0; got 0``."""
    found = []
    for field in fields_of(TrainConfig):
        value = getattr(config, field.name)
        expected = complaint(field, value)
        if expected is not None:
            found.append(SettingFault(field.name, f"{field.label} must be {expected}; got {shown(value)}"))
    threads = config.threads
    if threads is not None and not 1 <= threads <= MOST_THREADS:
        expected = "1 or more" if threads < 1 else f"at most {MOST_THREADS}"
        found.append(SettingFault("threads", f"threads must be {expected}; got {threads:,}"))
    return tuple(found)


def setting_fields() -> tuple[FieldInfo, ...]:
    """The settings that people edit, in their order."""
    return fields_of(TrainConfig)


def live_settings() -> frozenset[str]:
    """The settings that act on a run that is on."""
    return frozenset(field.name for field in setting_fields() if field.live)


def why_unused(config: TrainConfig, name: str) -> str:
    """Why a setting has no effect beside the others; "" where it has one."""
    if name == "momentum" and config.optimizer not in MOMENTUM_USERS:
        return f"is not used by {config.optimizer}: choose momentum, nesterov or rmsprop"
    if name in ("step_every", "step_factor") and config.schedule != "step":
        return f"is not used by a {config.schedule} schedule: choose step"
    return ""


def shown(value: Any) -> str:
    """A setting's value in words."""
    return f"{value:,.10g}" if isinstance(value, int | float) else str(value)
