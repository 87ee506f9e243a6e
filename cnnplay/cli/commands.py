"""All commands. Each command's code is in its own module, imported on use; options.py has the options."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from cnnplay import __version__
from cnnplay.cli import options
from cnnplay.cli.hyphenated import HyphenatedArguments
from cnnplay.cli.options import Json


class Openers(NamedTuple):
    """What needs the window or owns the process; the composition root passes it in."""

    open_window: Callable[[str | None], int]
    run_demo: Callable[[Path, int], int]
    ignore_signals: Callable[[Iterable[int]], None]


app = typer.Typer(
    name="cnnplay",
    help="Build convolutional networks, watch them train, look inside, and export them.",
    epilog="NETWORK is a preset key, a .cnnplay file or a run folder. Without arguments, the window opens.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
data_app = typer.Typer(help="List, download and describe data sets.", rich_markup_mode=None)
app.add_typer(data_app, name="data", invoke_without_command=True)


def _version(requested: bool) -> None:
    if requested:
        typer.echo(f"cnnplay {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Options that come before the command."""


def _given(context: typer.Context) -> dict[str, str]:
    """The options on the command line (not defaults), by the name of the setting that they give."""
    return {
        "learning_rate" if name == "lr" else name: f"--{name.replace('_', '-')}"
        for name in context.params
        if (source := context.get_parameter_source(name)) is not None and source.name == "COMMANDLINE"
    }


@app.command("open")
def open_(context: typer.Context, file: options.ProjectFile) -> int:
    """Open a project in the window."""
    from cnnplay.cli.window import open_project

    return open_project(context.obj, file)


@app.command()
def demo(
    context: typer.Context, folder: options.Folder, seed: options.DemoSeed = 0, json: Json = False
) -> int:
    """Run a demonstration in the real window; needs no screen."""
    from cnnplay.cli.window import demonstrate

    return demonstrate(context.obj, folder, seed, json)


@app.command()
def presets(json: Json = False) -> None:
    """List the preset networks."""
    from cnnplay.cli.presets import list_presets

    list_presets(json)


@app.command()
def settings(json: Json = False) -> None:
    """List the training settings with defaults, limits and units."""
    from cnnplay.cli.settings import list_settings

    list_settings(json)


@app.command()
def summary(
    context: typer.Context,
    network: options.Network,
    size: options.InputSize = None,
    profile: options.Profile = False,
    batch_size: options.ProfileBatch = 64,
    device: options.ProfileDevice = "auto",
    threads: options.ProfileThreads = None,
    json: Json = False,
) -> None:
    """Show layers, shapes, costs and problems; with --profile, measured times."""
    from cnnplay.cli.summary import print_summary, profile_settings

    given = _given(context)
    print_summary(network, size, json, profile_settings(profile, batch_size, device, threads, given))


@data_app.callback()
def data(context: typer.Context, json: Json = False) -> None:
    """List, download and describe data sets."""
    if context.invoked_subcommand is None:
        from cnnplay.cli.data import list_data

        list_data(json)


@data_app.command("list")
def data_list(context: typer.Context, json: Json = False) -> None:
    """List the data sets."""
    from cnnplay.cli.data import list_data

    list_data(json or _json_before(context))


@data_app.command("fetch")
def data_fetch(context: typer.Context, key: options.DataKey, json: Json = False) -> None:
    """Download a data set; interrupted downloads resume."""
    from cnnplay.cli.data import fetch_data

    fetch_data(key, json or _json_before(context))


@data_app.command("describe")
def data_describe(context: typer.Context, key: options.DataArgument, json: Json = False) -> None:
    """Show classes, splits and sizes, and which files of a folder are left out."""
    from cnnplay.cli.data import describe_data

    describe_data(key, json or _json_before(context))


def _json_before(context: typer.Context) -> bool:
    """Whether --json comes before the subcommand: `cnnplay data --json list`."""
    return context.parent is not None and bool(context.parent.params.get("json"))


@app.command()
def weights(
    file: options.WeightsFile,
    into: options.Into = None,
    match: options.Match = None,
    json: Json = False,
) -> None:
    """Show what a weights file holds, and what fits a network."""
    from cnnplay.cli.weights import describe_weights

    describe_weights(file, into, match, json)


@app.command()
def train(
    context: typer.Context,
    network: options.Network,
    data: options.Data,
    epochs: options.Epochs,
    batch_size: options.BatchSize = 64,
    optimizer: options.Optimizer = "adam",
    lr: options.LearningRate = 1e-3,
    weight_decay: options.WeightDecay = 0.0,
    momentum: options.Momentum = 0.9,
    seed: options.Seed = 0,
    device: options.Device = "auto",
    precision: options.Precision = "auto",
    threads: options.Threads = None,
    sync_batch_norm: options.SyncBatchNorm = False,
    fit: options.Fit = "resize",
    size: options.Size = None,
    more: options.Settings = None,
    source: options.From = None,
    weights: options.WhichFrom = "best",
    match: options.Match = None,
    out: options.Out = None,
    json: Json = False,
) -> int:
    """Train a network. Ctrl-C stops it and saves."""
    from cnnplay.cli.arguments import check_with_from, folder, parse_settings
    from cnnplay.cli.train import Source, TrainArguments, run

    given = _given(context)
    settings = {
        "epochs": epochs,
        "batch_size": batch_size,
        "optimizer": optimizer,
        "learning_rate": lr,
        "momentum": momentum,
        "weight_decay": weight_decay,
        "seed": seed,
        "device": device,
        "precision": precision,
        "sync_batch_norm": sync_batch_norm,
        "threads": threads,
        "fit": fit,
    }
    settings |= parse_settings("--set", more or (), given)
    check_with_from(source, given)
    start = None if source is None else Source(source, weights, match)
    arguments = TrainArguments(network, data, settings, size, folder("--out", out), json, start)
    return run(arguments, context.obj.ignore_signals)


@app.command()
def resume(
    context: typer.Context,
    run: options.Run,
    epochs: options.TotalEpochs = None,
    more: options.LiveSettings = None,
    json: Json = False,
) -> int:
    """Resume a run from its last checkpoint.

    Training continues as if it had never stopped. Without a checkpoint it resumes from the saved weights.
    """
    from cnnplay.cli.arguments import parse_settings
    from cnnplay.cli.resume import resume

    settings = parse_settings("--set", more or (), {})
    return resume(run, epochs, settings, json, context.obj.ignore_signals)


@app.command()
def search(
    context: typer.Context,
    network: options.Network,
    data: options.Data,
    trials: options.Trials,
    space: options.Space,
    study: options.Study = None,
    storage: options.Storage = None,
    sampler: options.Sampler = "random",
    pruner: options.Pruner = "none",
    epochs: options.TrialEpochs = 20,
    seed: options.SearchSeed = 0,
    device: options.Device = "auto",
    threads: options.Threads = None,
    fit: options.Fit = "resize",
    more: options.Settings = None,
    json: Json = False,
) -> int:
    """Search hyperparameters; processes can share a study."""
    from cnnplay.cli.arguments import parse_settings
    from cnnplay.cli.search import SearchArguments, run_search
    from cnnplay.cli.train import TrainArguments

    given = _given(context)
    assignments = parse_settings("--set", more or (), given)
    given.pop("seed", None)  # --seed also seeds the sampler, so the trials' own seed may vary
    given |= {name: f"--set {name}" for name in assignments}
    settings = {
        "optimizer": "adam",
        "epochs": epochs,
        "seed": seed,
        "device": device,
        "threads": threads,
        "fit": fit,
    }
    asked = TrainArguments(network, data, settings | assignments, None, None, json)
    wanted = SearchArguments(space, trials, study, storage, sampler, pruner, given)
    return run_search(asked, wanted, context.obj.ignore_signals)


@app.command()
def evaluate(
    run: options.Run,
    data: options.OtherData = None,
    split: options.Split = "validation",
    weights: options.Which = "best",
    json: Json = False,
) -> None:
    """Evaluate a run: its metrics and confusion matrix."""
    from cnnplay.cli.evaluate import evaluate_run

    evaluate_run(run, data, split, weights, json)


@app.command()
def export(
    network: options.Network,
    format_: options.Format,
    path: options.Output,
    seed: options.ExportSeed = 0,
    weights: options.Which = "best",
    json: Json = False,
) -> None:
    """Export weights, code, a project or the history."""
    from cnnplay.cli.export import export_network

    export_network(network, format_, path, seed, weights, json)


@app.command(cls=HyphenatedArguments)
def runs(terms: options.Terms = None, rebuild: options.Rebuild = False, json: Json = False) -> None:
    """List the runs, newest first."""
    from cnnplay.cli.runs import list_runs

    list_runs(terms or [], rebuild, json)
