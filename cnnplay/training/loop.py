"""The training loop.

For each epoch, for each batch: forward, loss, backward, step; then the validation part is judged. That is
all of `_learn`. What surrounds it (the plan, steering, events, keeping good weights) is in `run.py`.
"""

from collections.abc import Callable

from cnnplay.data.folder import LoadCancelled
from cnnplay.spec.events import Event
from cnnplay.training.control import Control, Interrupted
from cnnplay.training.job import Job, Observation, Reason, Result
from cnnplay.training.run import Run
from cnnplay.training.surroundings import surroundings

__all__ = ["train"]


def train(
    job: Job,
    sink: Callable[[Event], None],
    observer: Callable[[Observation], None] | None = None,
    control: Control | None = None,
) -> Result:
    """Trains in the calling thread until all epochs are done, `control` stops it, or something fails.

    Every event goes to `sink`, in order. `observer` is called between every two batches and after every
    epoch; it should be quick. What goes wrong is told by a Failed event and by the result, never raised.
    """
    run = Run(job, sink, observer, control or Control())
    with surroundings():
        try:
            run.prepare()
            reason = _learn(run)
        except (Interrupted, LoadCancelled):
            reason = run.break_off()
        except Exception as error:
            reason = run.fail(error)
        return run.finish(reason)


def _learn(run: Run) -> Reason:
    """The loop itself."""
    for epoch in run.epochs():
        for pictures, labels, _ in run.batches(epoch):
            if not run.steer():  # pause, single step, stop, another setting
                return "stopped"
            with run.arithmetic:  # in 16 bits where the device gains by it
                logits = run.model(pictures)  # forward: B × classes
                loss = run.loss(logits, labels)  # one number, the smaller the better
            run.note(loss, logits, labels)  # tells its value; ends the run where it is not finite
            loss.backward()  # the gradient of the loss for every weight
            run.clip()  # not further than the settings allow
            run.stepper.step()  # every weight moves a little against its gradient
            run.stepper.forget()  # the gradient, before the next comes
            run.after_step()
        if not run.after_epoch():
            return "early"
    return "done"
