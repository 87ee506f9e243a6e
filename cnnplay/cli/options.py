"""The arguments and options of the commands: each type says how it is called and what its help says."""

from pathlib import Path
from typing import Annotated

import typer

from cnnplay.export.catalog import FORMATS

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]

# What a command is about

Network = Annotated[
    str, typer.Argument(metavar="NETWORK", help="A preset key, a .cnnplay file or a run folder.")
]
Run = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")]
Data = Annotated[str, typer.Option(metavar="DATA", help="A data set's key, or folder:PATH.")]
DataArgument = Annotated[str, typer.Argument(metavar="DATA", help="A data set's key, or folder:PATH.")]
DataKey = Annotated[str, typer.Argument(metavar="KEY", help="A key from `cnnplay data list`.")]
OtherData = Annotated[str | None, typer.Option(metavar="DATA", help="Another data set than the run's own.")]
InputSize = Annotated[
    str | None, typer.Option("--input", metavar="C,H,W", help="Use this input size instead.")
]
Split = Annotated[str, typer.Option(metavar="validation/train/test/all", help="Which split to evaluate.")]
Terms = Annotated[
    list[str] | None,
    typer.Argument(metavar="[FILTER]...", help="Filter terms: data:mnist 'lr<0.01' 'acc>95%' -failed."),
]

# Weights

Which = Annotated[
    str,
    typer.Option(
        "--weights",
        metavar="best/last/averaged",
        help="Which weights of the run or project (best: by validation).",
    ),
]
From = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="FILE", help="Start with pretrained weights: of a file, a project or a run."
    ),
]
WhichFrom = Annotated[
    str,
    typer.Option(
        "--weights",
        metavar="best/last/averaged",
        help="With --from: which weights of a run or a project to use.",
    ),
]
WeightsFile = Annotated[Path, typer.Argument(metavar="FILE", help="A safetensors file or a PyTorch file.")]
Into = Annotated[
    str | None, typer.Option(metavar="NETWORK", help="Show which of the weights this network would load.")
]
Match = Annotated[
    str | None,
    typer.Option(metavar="name/order", help="Match tensors and parameters by name, or by order and shape."),
]

# How to train

Epochs = Annotated[int, typer.Option(help="Number of passes over the training set.")]
TotalEpochs = Annotated[int | None, typer.Option(help="Train up to this number of epochs in total.")]
TrialEpochs = Annotated[int, typer.Option(help="Epochs per trial.")]
BatchSize = Annotated[int, typer.Option(help="Images per optimizer step.")]
Optimizer = Annotated[str, typer.Option(help="sgd, momentum, nesterov, rmsprop, adam or adamw.")]
LearningRate = Annotated[float, typer.Option(help="Learning rate.")]
WeightDecay = Annotated[float, typer.Option(help="Weight decay.")]
Momentum = Annotated[float, typer.Option(help="Used by momentum, nesterov and rmsprop only.")]
Seed = Annotated[int, typer.Option(help="Random seed for initial weights and data order.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")]
Precision = Annotated[
    str, typer.Option(metavar="auto/float32/bfloat16", help="auto uses bfloat16 on GPUs that support it.")
]
Threads = Annotated[int | None, typer.Option(help="CPU threads; by default chosen automatically.")]
SyncBatchNorm = Annotated[
    bool, typer.Option(help="Under torchrun on GPUs: batch norm statistics over all processes.")
]
Fit = Annotated[
    str, typer.Option(metavar="resize/stem", help="Resize the images, or adapt the first layers.")
]
Size = Annotated[
    str | None,
    typer.Option(metavar="H,W", help="With --fit stem: the input size; by default that of the images."),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Any setting, such as schedule=cosine; repeatable. See `cnnplay settings`.",
    ),
]
LiveSettings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Change a setting that can change during a run, such as early_stopping=5; repeatable.",
    ),
]
Out = Annotated[str | None, typer.Option(metavar="RUN", help="The run's folder: must be new or empty.")]

# Searching

Trials = Annotated[int, typer.Option(help="Total number of trials in the study, over all processes.")]
Space = Annotated[Path, typer.Option(metavar="FILE", help="The search space in JSON; see the README.")]
Study = Annotated[
    str | None, typer.Option(metavar="NAME", help="Study to start or resume; by default a new one.")
]
Storage = Annotated[
    str | None,
    typer.Option(
        metavar="URL", help="Where studies are stored: an Optuna URL or the path of an SQLite file."
    ),
]
Sampler = Annotated[str, typer.Option(metavar="random/tpe/grid", help="How values are chosen.")]
Pruner = Annotated[str, typer.Option(metavar="none/median/halving", help="Which trials are pruned.")]
SearchSeed = Annotated[int, typer.Option(help="Random seed for values, weights and data order.")]

# Files and measurements

ProjectFile = Annotated[Path, typer.Argument(metavar="FILE", help="A .cnnplay project file.")]
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder for screenshots and exports.")]
Format = Annotated[str, typer.Option("--format", metavar="F", help=f"{', '.join(FORMATS)}.")]
Output = Annotated[Path, typer.Option("--output", "-o", metavar="PATH", help="The file to write.")]
DemoSeed = Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Random seed for weights and data order.")]
ExportSeed = Annotated[
    int, typer.Option(min=0, max=2**31 - 1, help="Random seed for an untrained network's weights.")
]
Profile = Annotated[bool, typer.Option("--profile", help="Measure each layer's time, forward and backward.")]
ProfileBatch = Annotated[int, typer.Option(help="Images per batch, for --profile.")]
ProfileDevice = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps, for --profile.")]
ProfileThreads = Annotated[
    int | None, typer.Option(help="CPU threads, for --profile; by default chosen automatically.")
]
Rebuild = Annotated[bool, typer.Option("--rebuild", help="Rebuild the index from the run folders.")]
