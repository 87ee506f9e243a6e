"""All commands with their arguments. Each command's code is in its own module, imported on use."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from cnnplay import __version__
from cnnplay.cli.hyphenated import HyphenatedArguments


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

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
NetworkArgument = Annotated[
    str, typer.Argument(metavar="NETWORK", help="A preset key, a .cnnplay file or a run folder.")
]
RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")]
Which = Annotated[
    str,
    typer.Option(
        "--weights",
        metavar="best/last/averaged",
        help="Which weights of the run or project (best: by validation).",
    ),
]


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
def open_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A .cnnplay project file.")],
) -> int:
    """Open a project in the window."""
    from cnnplay.cli.window import open_project

    return open_project(context.obj, file)


@app.command()
def demo(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder for screenshots and exports.")],
    seed: Annotated[
        int, typer.Option(min=0, max=2**31 - 1, help="Random seed for weights and data order.")
    ] = 0,
    json: Json = False,
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
    network: NetworkArgument,
    size: Annotated[
        str | None, typer.Option("--input", metavar="C,H,W", help="Use this input size instead.")
    ] = None,
    profile: Annotated[
        bool, typer.Option("--profile", help="Measure each layer's time, forward and backward.")
    ] = False,
    batch_size: Annotated[int, typer.Option(help="Images per batch, for --profile.")] = 64,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps, for --profile.")] = "auto",
    threads: Annotated[
        int | None, typer.Option(help="CPU threads, for --profile; by default chosen automatically.")
    ] = None,
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

    before = context.parent.params if context.parent is not None else {}
    list_data(json or bool(before.get("json")))


@data_app.command("fetch")
def data_fetch(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="A key from `cnnplay data list`.")],
    json: Json = False,
) -> None:
    """Download a data set; interrupted downloads resume."""
    from cnnplay.cli.data import fetch_data

    before = context.parent.params if context.parent is not None else {}
    fetch_data(key, json or bool(before.get("json")))


@data_app.command("describe")
def data_describe(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="DATA", help="A data set's key, or folder:PATH.")],
    json: Json = False,
) -> None:
    """Show classes, splits and sizes, and which files of a folder are left out."""
    from cnnplay.cli.data import describe_data

    before = context.parent.params if context.parent is not None else {}
    describe_data(key, json or bool(before.get("json")))


@app.command()
def weights(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A safetensors file or a PyTorch file.")],
    into: Annotated[
        str | None, typer.Option(metavar="NETWORK", help="Show which of the weights this network would load.")
    ] = None,
    json: Json = False,
) -> None:
    """Show what a weights file holds, and what fits a network."""
    from cnnplay.cli.weights import describe_weights

    describe_weights(file, into, json)


@app.command()
def train(
    context: typer.Context,
    network: NetworkArgument,
    data: Annotated[str, typer.Option(metavar="DATA", help="A data set's key, or folder:PATH.")],
    epochs: Annotated[int, typer.Option(help="Number of passes over the training set.")],
    batch_size: Annotated[int, typer.Option(help="Images per optimizer step.")] = 64,
    optimizer: Annotated[str, typer.Option(help="sgd, momentum, nesterov, rmsprop, adam or adamw.")] = "adam",
    lr: Annotated[float, typer.Option(help="Learning rate.")] = 1e-3,
    weight_decay: Annotated[float, typer.Option(help="Weight decay.")] = 0.0,
    momentum: Annotated[float, typer.Option(help="Used by momentum, nesterov and rmsprop only.")] = 0.9,
    seed: Annotated[int, typer.Option(help="Random seed for initial weights and data order.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    precision: Annotated[
        str, typer.Option(metavar="auto/float32/bfloat16", help="auto uses bfloat16 on GPUs that support it.")
    ] = "auto",
    threads: Annotated[int | None, typer.Option(help="CPU threads; by default chosen automatically.")] = None,
    sync_batch_norm: Annotated[
        bool, typer.Option(help="Under torchrun on GPUs: batch norm statistics over all processes.")
    ] = False,
    fit: Annotated[
        str,
        typer.Option(metavar="resize/stem", help="Resize the images, or adapt the first layers."),
    ] = "resize",
    size: Annotated[
        str | None, typer.Option(metavar="H,W", help="With --fit stem: resize the images to this size.")
    ] = None,
    more: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Any setting, such as schedule=cosine; repeatable. See `cnnplay settings`.",
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="FILE", help="Start with pretrained weights: of a file, a project or a run."
        ),
    ] = None,
    weights: Annotated[
        str,
        typer.Option(
            metavar="best/last/averaged", help="With --from: which weights of a run or a project to use."
        ),
    ] = "best",
    match: Annotated[
        str, typer.Option(metavar="name/order", help="With --from: by parameter name, or by position.")
    ] = "name",
    out: Annotated[
        str | None, typer.Option(metavar="RUN", help="The run's folder: must be new or empty.")
    ] = None,
    json: Json = False,
) -> int:
    """Train a network. Ctrl-C stops it and saves."""
    from cnnplay.cli.arguments import check_with_from, folder, parse_settings
    from cnnplay.cli.train import Source, TrainArguments, run

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
    settings |= parse_settings("--set", more or (), _given(context))
    given = None if source is None else Source(source, weights, match)
    check_with_from(source, _given(context))
    return run(
        TrainArguments(network, data, settings, size, folder("--out", out), json, given),
        context.obj.ignore_signals,
    )


@app.command()
def resume(
    context: typer.Context,
    run: RunArgument,
    epochs: Annotated[int | None, typer.Option(help="Train up to this number of epochs in total.")] = None,
    more: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Change a setting that can change during a run, such as early_stopping=5; repeatable.",
        ),
    ] = None,
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
    network: NetworkArgument,
    data: Annotated[str, typer.Option(metavar="KEY", help="A data set's key, or folder:PATH.")],
    trials: Annotated[int, typer.Option(help="Total number of trials in the study, over all processes.")],
    space: Annotated[Path, typer.Option(metavar="FILE", help="The search space in JSON; see the README.")],
    study: Annotated[
        str | None, typer.Option(metavar="NAME", help="Study to start or resume; by default a new one.")
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Where studies are stored: an Optuna URL or the path of an SQLite file."
        ),
    ] = None,
    sampler: Annotated[
        str, typer.Option(metavar="random/tpe/grid", help="How values are chosen.")
    ] = "random",
    pruner: Annotated[
        str, typer.Option(metavar="none/median/halving", help="Which trials are pruned.")
    ] = "none",
    epochs: Annotated[int, typer.Option(help="Epochs per trial.")] = 20,
    seed: Annotated[int, typer.Option(help="Random seed for values, weights and data order.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    threads: Annotated[int | None, typer.Option(help="CPU threads; by default chosen automatically.")] = None,
    fit: Annotated[
        str, typer.Option(metavar="resize/stem", help="Resize the images, or adapt the network's stem.")
    ] = "resize",
    more: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="A setting for all trials; repeatable. See `cnnplay settings`.",
        ),
    ] = None,
    json: Json = False,
) -> int:
    """Search hyperparameters; processes can share a study."""
    from cnnplay.cli.arguments import parse_settings
    from cnnplay.cli.search import SearchArguments, run_search
    from cnnplay.cli.train import TrainArguments

    settings = {"optimizer": "adam", "epochs": epochs, "seed": seed, "device": device} | {
        "threads": threads,
        "fit": fit,
    }
    given = _given(context)
    assignments = parse_settings("--set", more or (), given)
    given.pop("seed", None)  # --seed also seeds the sampler, so the trials' own seed may vary
    given |= {name: f"--set {name}" for name in assignments}
    asked = TrainArguments(network, data, settings | assignments, None, None, json)
    wanted = SearchArguments(space, trials, study, storage, sampler, pruner, given)
    return run_search(asked, wanted, context.obj.ignore_signals)


@app.command()
def evaluate(
    run: RunArgument,
    data: Annotated[
        str | None, typer.Option(metavar="KEY", help="Another data set than the run's own.")
    ] = None,
    split: Annotated[
        str, typer.Option(metavar="validation/train/test/all", help="Which split to evaluate.")
    ] = "validation",
    weights: Which = "best",
    json: Json = False,
) -> None:
    """Evaluate a run: its metrics and confusion matrix."""
    from cnnplay.cli.evaluate import evaluate_run

    evaluate_run(run, data, split, weights, json)


@app.command()
def export(
    network: NetworkArgument,
    format_: Annotated[
        str,
        typer.Option(
            "--format", metavar="F", help="safetensors, pt, torchvision, onnx, python, project, json, csv."
        ),
    ],
    path: Annotated[Path, typer.Option("--output", "-o", metavar="PATH", help="The file to write.")],
    seed: Annotated[
        int, typer.Option(min=0, max=2**31 - 1, help="Random seed for an untrained network's weights.")
    ] = 0,
    weights: Which = "best",
    json: Json = False,
) -> None:
    """Export weights, code, a project or the history."""
    from cnnplay.cli.export import export_network

    export_network(network, format_, path, seed, weights, json)


@app.command(cls=HyphenatedArguments)
def runs(
    terms: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILTER]...", help="Filter terms: data:mnist 'lr<0.01' 'acc>95%' -failed."),
    ] = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Rebuild the index from the run folders.")
    ] = False,
    json: Json = False,
) -> None:
    """List the runs, newest first."""
    from cnnplay.cli.runs import list_runs

    list_runs(terms or [], rebuild, json)
