"""`cnnplay summary NETWORK`: layers, shapes, costs and problems; with `--profile`, measured times."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from cnnplay.cli.arguments import parse_numbers
from cnnplay.cli.errors import UserError, as_user_errors
from cnnplay.cli.networks import described_network
from cnnplay.cli.output import Column, count, echo, print_json, table
from cnnplay.network.describe import detail, shape_text
from cnnplay.network.kinds import kind_of
from cnnplay.network.network import Input, Network, leaves
from cnnplay.shapes.infer import infer
from cnnplay.shapes.problems import Problem
from cnnplay.shapes.report import Report
from cnnplay.spec.settings import TrainConfig, setting_problems

if TYPE_CHECKING:
    from cnnplay.probing.layer_profile import LayerProfile


def profile_settings(
    profile: bool, batch_size: int, device: str, threads: int | None, options: Mapping[str, str]
) -> TrainConfig | None:
    """The settings to measure with; None without --profile. `options` are those on the command line."""
    config = TrainConfig(batch_size=batch_size, device=device, threads=threads)
    if not profile:
        for name in ("batch_size", "device", "threads"):
            if name in options:
                raise UserError(f"{options[name]} needs --profile")
        return None
    for problem in setting_problems(config):
        raise UserError(f"{options.get(problem.field, problem.field)}: {problem.message}")
    return config


def print_summary(text: str, size: str | None, json: bool, profiled: TrainConfig | None = None) -> None:
    """Prints the inferred shapes and costs of a network, for its own input or for another size. With
    `profiled`, also the times of a batch that are measured with these settings.
    """
    network = described_network(text)
    if size is not None:
        channels, height, width = parse_numbers("--input", "C,H,W", size)
        network = msgspec.structs.replace(network, input=Input(channels, height, width))
    report = infer(network)
    profile = None if profiled is None else _measured(network, profiled)
    if json:
        print_json(_json(network, report, profile))
    else:
        _print(network, report, profile)


def _measured(network: Network, config: TrainConfig) -> "LayerProfile | None":
    from cnnplay.probing.layer_profile import profile_layers

    with as_user_errors(ValueError):  # ProbeError, DeviceError: written for people
        return profile_layers(network, config)


def _json(network: Network, report: Report, profile: "LayerProfile | None") -> dict[str, object]:
    problems = [_problem_json(problem) for problem in report.problems]
    return {
        "name": network.name,
        "input": network.input.shape,
        "classes": network.task.classes,
        "layers": [
            {
                "id": node.id,
                "kind": kind_of(node).tag,
                "output": report.nodes[node.id].output,
                "parameters": report.nodes[node.id].parameters,
                "multiply_adds": report.nodes[node.id].multiply_adds,
                **_times_json(profile, node.id),
            }
            for node in leaves(network)
        ],
        "output": report.output,
        "parameters": report.parameters,
        "multiply_adds": report.multiply_adds,
        "activation_bytes": report.activation_bytes,
        "complete": report.complete,
        "problems": problems,
        "faults": problems,
        **({} if profile is None else {"profile": _profile_json(profile)}),
    }


def _times_json(profile: "LayerProfile | None", node_id: str) -> dict[str, float]:
    if profile is None:
        return {}
    time = profile.layers[node_id]
    return {"forward_ms": 1e3 * time.forward, "backward_ms": 1e3 * time.backward}


def _profile_json(profile: "LayerProfile") -> dict[str, object]:
    return {
        "batch_size": profile.batch_size,
        "device": profile.device,
        "threads": profile.threads,
        "repetitions": profile.repetitions,
        "forward_ms": 1e3 * profile.total.forward,
        "backward_ms": 1e3 * profile.total.backward,
        "other_ms": 1e3 * profile.other.both,
    }


def _problem_json(problem: Problem) -> dict[str, object]:
    """`mend` is the old name of `fix`, as `faults` is of `problems`: scripts read them."""
    fix = None if problem.fix is None else problem.fix.label
    return {
        "node": problem.node,
        "field": problem.field,
        "message": problem.message,
        "expected": problem.expected,
        "found": problem.found,
        "fix": fix,
        "mend": fix,
    }


def _print(network: Network, report: Report, profile: "LayerProfile | None") -> None:
    echo(f"{network.name}: input {shape_text(network.input.shape)}, {network.task.classes:,} classes")
    rows = []
    for node in leaves(network):
        found = report.nodes[node.id]
        shape = "–" if found.output is None else shape_text(found.output)
        kind = f"{kind_of(node).name} {detail(node)}".strip()
        times = () if profile is None else tuple(map(_ms, profile.layers[node.id]))
        rows.append((node.id, kind, shape, count(found.parameters), count(found.multiply_adds), *times))
    headings = ["output", "parameters", "multiply-adds"]
    if profile is not None:
        headings += ["forward ms", "backward ms"]
        rows.append(("total", "", "", count(report.parameters), count(report.multiply_adds)))
        rows[-1] += tuple(map(_ms, profile.total))
    columns = [Column("layer"), Column("kind"), *(Column(heading, "right") for heading in headings)]
    table(columns, rows)
    known = "" if report.complete else " (known layers only)"
    echo(f"{report.parameters:,} parameters, {report.multiply_adds:,} multiply-adds per image{known}")
    if profile is not None:
        threads = "1 thread" if profile.threads == 1 else f"{profile.threads} threads"
        echo(
            f"times of a batch of {profile.batch_size:,} on {profile.device}, {threads}; "
            f"loss and merges: {_ms(profile.other.both)} ms"
        )
    for problem in report.problems:
        fix = "" if problem.fix is None else f" (fix: {problem.fix.label})"
        echo(f"problem: {problem.message}{fix}")


def _ms(seconds: float) -> str:
    return f"{1e3 * seconds:,.3f}"
