"""All commands with their arguments. What they do stands in a module each, imported when it is asked for."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from cnnplay import __version__
from cnnplay.cli.words import HyphenatedWords


class Openers(NamedTuple):
    """What needs the window or the whole program, handed over by the composition root."""

    open_window: Callable[[str | None], int]
    run_demo: Callable[[Path, int], int]
    hear_no_more: Callable[[Iterable[int]], None]


app = typer.Typer(
    name="cnnplay",
    help="Click convolutional networks together, train them while watching, look inside, export them.",
    epilog="NETWORK is a preset's key, a .cnnplay file or a run's folder. Without arguments: the window.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
data_app = typer.Typer(help="The data sets.", rich_markup_mode=None)
app.add_typer(data_app, name="data", invoke_without_command=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
NetworkArgument = Annotated[
    str, typer.Argument(metavar="NETWORK", help="A preset's key, a .cnnplay file or a run's folder.")
]
RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder.")]
Which = Annotated[
    str, typer.Option("--weights", metavar="best/last/averaged", help="Which weights of a run.")
]


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"cnnplay {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """The options before every command."""


def _given(context: typer.Context) -> dict[str, str]:
    """The options that were typed and not left at their defaults, by the settings that they may give."""
    return {
        "learning_rate" if name == "lr" else name: f"--{name.replace('_', '-')}"
        for name in context.params
        if (source := context.get_parameter_source(name)) is not None and source.name == "COMMANDLINE"
    }


@app.command("open")
def open_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A .cnnplay project.")],
) -> int:
    """Open the window with a project."""
    from cnnplay.cli.window import open_project

    return open_project(context.obj, file)


@app.command()
def demo(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where screenshots and exports are left.")],
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Decides weights and order.")] = 0,
    json: Json = False,
) -> int:
    """Drive the real window through the main job; works without a screen."""
    from cnnplay.cli.window import demonstrate

    return demonstrate(context.obj, folder, seed, json)


@app.command()
def presets(json: Json = False) -> None:
    """List the presets."""
    from cnnplay.cli.presets import list_presets

    list_presets(json)


@app.command()
def settings(json: Json = False) -> None:
    """List the training settings: defaults, limits, units, words."""
    from cnnplay.cli.settings import list_settings

    list_settings(json)


@app.command()
def summary(
    network: NetworkArgument,
    size: Annotated[
        str | None, typer.Option("--input", metavar="C,H,W", help="Another input; nothing else changes.")
    ] = None,
    json: Json = False,
) -> None:
    """Show layers, shapes, costs and faults."""
    from cnnplay.cli.summary import summarise

    summarise(network, size, json)


@data_app.callback()
def data(context: typer.Context, json: Json = False) -> None:
    """The data sets; without a command, the list of them."""
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
    key: Annotated[str, typer.Argument(metavar="KEY", help="A key of the list.")],
    json: Json = False,
) -> None:
    """Bring a data set to this disk; broken off, it goes on at the next call."""
    from cnnplay.cli.data import fetch_data

    before = context.parent.params if context.parent is not None else {}
    fetch_data(key, json or bool(before.get("json")))


@app.command()
def train(
    context: typer.Context,
    network: NetworkArgument,
    data: Annotated[str, typer.Option(metavar="KEY", help="A data set's key, or folder:PATH.")],
    epochs: Annotated[int, typer.Option(help="How often every training picture is seen.")],
    batch_size: Annotated[int, typer.Option(help="How many pictures one step averages over.")] = 64,
    optimizer: Annotated[str, typer.Option(help="sgd, momentum, nesterov, rmsprop, adam or adamw.")] = "adam",
    lr: Annotated[float, typer.Option(help="The learning rate.")] = 1e-3,
    weight_decay: Annotated[float, typer.Option(help="How strongly weights are pulled to zero.")] = 0.0,
    momentum: Annotated[float, typer.Option(help="For momentum, nesterov and rmsprop alone.")] = 0.9,
    seed: Annotated[int, typer.Option(help="Decides the initial weights and the order.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    precision: Annotated[
        str, typer.Option(metavar="auto/float32/bfloat16", help="auto: bfloat16 on GPUs that have it.")
    ] = "auto",
    threads: Annotated[int | None, typer.Option(help="Computing threads; chosen, if not given.")] = None,
    sync_batch_norm: Annotated[
        bool, typer.Option(help="Under torchrun on GPUs: batch norm over all processes' pictures.")
    ] = False,
    fit: Annotated[
        str, typer.Option(metavar="resize/stem", help="Adapt the pictures, or the network's first layers.")
    ] = "resize",
    size: Annotated[
        str | None, typer.Option(metavar="H,W", help="With --fit stem: bring the pictures to this size.")
    ] = None,
    more: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Any setting, again and again: schedule=cosine, warmup=1; `cnnplay settings` lists all.",
        ),
    ] = None,
    out: Annotated[
        str | None, typer.Option(metavar="RUN", help="The run's folder: a new or an empty one.")
    ] = None,
    json: Json = False,
) -> int:
    """Train a network; Ctrl-C ends it cleanly."""
    from cnnplay.cli.arguments import assigned, folder
    from cnnplay.cli.train import Asked, run

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
    settings |= assigned("--set", more or (), _given(context))
    return run(Asked(network, data, settings, size, folder("--out", out), json), context.obj.hear_no_more)


@app.command()
def resume(
    context: typer.Context,
    run: RunArgument,
    epochs: Annotated[
        int | None, typer.Option(help="Another number of epochs than was first asked for.")
    ] = None,
    json: Json = False,
) -> int:
    """Go on with a run from its last checkpoint, as if it had never stopped, or else from its weights."""
    from cnnplay.cli.resume import resume

    return resume(run, epochs, json, context.obj.hear_no_more)


@app.command()
def search(
    context: typer.Context,
    network: NetworkArgument,
    data: Annotated[str, typer.Option(metavar="KEY", help="A data set's key, or folder:PATH.")],
    trials: Annotated[int, typer.Option(help="How many trials there are in all, whoever runs them.")],
    space: Annotated[Path, typer.Option(metavar="FILE", help="What varies: JSON, as the README shows.")],
    study: Annotated[
        str | None, typer.Option(metavar="NAME", help="A study to begin or go on with; named, if not given.")
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where studies lie: Optuna's URLs, or an SQLite file's path."),
    ] = None,
    sampler: Annotated[str, typer.Option(metavar="random/tpe/grid", help="How values are drawn.")] = "random",
    pruner: Annotated[
        str, typer.Option(metavar="none/median/halving", help="Which trials are given up early.")
    ] = "none",
    epochs: Annotated[int, typer.Option(help="Of each trial.")] = 20,
    seed: Annotated[int, typer.Option(help="Decides what is drawn, the initial weights and the order.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    threads: Annotated[int | None, typer.Option(help="Computing threads; chosen, if not given.")] = None,
    fit: Annotated[
        str, typer.Option(metavar="resize/stem", help="Adapt the pictures, or the network's first layers.")
    ] = "resize",
    more: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="A setting of all trials, again and again: `cnnplay settings`.",
        ),
    ] = None,
    json: Json = False,
) -> int:
    """Search hyper-parameters; several processes may share a study."""
    from cnnplay.cli.arguments import assigned
    from cnnplay.cli.search import Wanted, search_for
    from cnnplay.cli.train import Asked

    settings = {"optimizer": "adam", "epochs": epochs, "seed": seed, "device": device} | {
        "threads": threads,
        "fit": fit,
    }
    given = _given(context)
    assignments = assigned("--set", more or (), given)
    given.pop("seed", None)  # it decides what is drawn too, where the trials' own seed varies
    given |= {name: f"--set {name}" for name in assignments}
    asked = Asked(network, data, settings | assignments, None, None, json)
    wanted = Wanted(space, trials, study, storage, sampler, pruner, given)
    return search_for(asked, wanted, context.obj.hear_no_more)


@app.command()
def evaluate(
    run: RunArgument,
    data: Annotated[str | None, typer.Option(metavar="KEY", help="Other data than the run's own.")] = None,
    split: Annotated[str, typer.Option(metavar="validation/train/test/all")] = "validation",
    weights: Which = "best",
    json: Json = False,
) -> None:
    """Judge a run's weights: accuracy, loss and the confusion of classes."""
    from cnnplay.cli.evaluate import judge

    judge(run, data, split, weights, json)


@app.command()
def export(
    network: NetworkArgument,
    format_: Annotated[
        str,
        typer.Option("--format", metavar="F", help="safetensors, pt, onnx, python, project, json or csv."),
    ],
    path: Annotated[Path, typer.Option("--output", "-o", metavar="PATH", help="The file to write.")],
    seed: Annotated[
        int, typer.Option(min=0, max=2**31 - 1, help="For the fresh weights of an untrained network.")
    ] = 0,
    weights: Which = "best",
    json: Json = False,
) -> None:
    """Write a network's weights, code or project to a file."""
    from cnnplay.cli.export import carry_away

    carry_away(network, format_, path, seed, weights, json)


@app.command(cls=HyphenatedWords)
def runs(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[WORD]...", help="Which ones: data:mnist 'lr<0.01' 'acc>95%' -failed."),
    ] = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Read every folder again.")] = False,
    json: Json = False,
) -> None:
    """List the runs, newest first."""
    from cnnplay.cli.runs import list_runs

    list_runs(words or [], rebuild, json)
