"""What a run is asked to do: the training settings, each field with its limits, unit and help."""

from typing import Annotated, Literal, TypeAlias

import msgspec

from cnnplay.network.fields import FieldInfo, complaint, declare, fields_of

MOST_THREADS = 256
"""More would be made in earnest, and the machine would stand still."""

Fit: TypeAlias = Literal["resize", "stem"]
Optimizer: TypeAlias = Literal["sgd", "momentum", "rmsprop", "adam", "adamw"]


class TrainConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of a run. Decoding checks types; `faults` checks the limits."""

    epochs: Annotated[
        int, declare("How often every training picture is seen.", minimum=1, maximum=100_000)
    ] = 20
    batch_size: Annotated[
        int,
        declare("How many pictures one step averages over.", minimum=1, maximum=65_536, unit="pictures"),
    ] = 64
    optimizer: Annotated[Optimizer, declare("The rule that turns gradients into steps.")] = "adam"
    learning_rate: Annotated[
        float,
        declare(
            "The size of a step. Too large and the loss jumps or becomes NaN; too small and nothing happens.",
            minimum=0,
            maximum=1000,
            exclusive=True,
        ),
    ] = 1e-3
    momentum: Annotated[
        float,
        declare(
            "How much of the step before is kept; used by momentum and RMSProp's moving average alone.",
            minimum=0,
            maximum=0.9999,
        ),
    ] = 0.9
    weight_decay: Annotated[
        float,
        declare("How strongly weights are pulled to zero at each step.", minimum=0, maximum=100),
    ] = 0.0
    seed: Annotated[
        int,
        declare(
            "Decides the initial weights and the order of the pictures: same seed and plan, same result.",
            minimum=0,
            maximum=2**31 - 1,
        ),
    ] = 0
    device: Annotated[str, declare("Where it is computed: auto, cpu, cuda, cuda:1 or mps.", hidden=True)] = (
        "auto"
    )
    threads: Annotated[
        int | None,
        declare(
            "Computing threads; empty lets the engine choose.", minimum=1, maximum=MOST_THREADS, hidden=True
        ),
    ] = None
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
            found.append(SettingFault(field.name, f"{field.label} must be {expected}; got {value:,.10g}"))
    threads = config.threads
    if threads is not None and not 1 <= threads <= MOST_THREADS:
        expected = "1 or more" if threads < 1 else f"at most {MOST_THREADS}"
        found.append(SettingFault("threads", f"threads must be {expected}; got {threads:,}"))
    return tuple(found)


def setting_fields() -> tuple[FieldInfo, ...]:
    """The settings that people edit, in their order."""
    return fields_of(TrainConfig)
