"""The default name of a study."""

from datetime import datetime

LONGEST_NAME = 120


def new_name(network: str, data: str) -> str:
    """Network, data, date and time: ``lenet-5-mnist-sample-20260131-180501``."""
    plain = data.rpartition("/")[2].rpartition(":")[2]
    return f"{network}-{plain}-{datetime.now():%Y%m%d-%H%M%S}"[:LONGEST_NAME]
