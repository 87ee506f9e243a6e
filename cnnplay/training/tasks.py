"""The training functions of each task, by its key."""

from cnnplay.network.network import Task, task_key
from cnnplay.training.classification import CLASSIFICATION
from cnnplay.training.task import TrainingTask

TRAINING_TASKS: dict[str, TrainingTask] = {"classification": CLASSIFICATION}


def training_task(task: Task) -> TrainingTask:
    """The row of a network's task. Raises KeyError for a task that is not registered."""
    return TRAINING_TASKS[task_key(task)]
