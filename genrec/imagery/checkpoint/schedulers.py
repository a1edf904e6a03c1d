"""Schedulers by name, and only those that the pipeline's own is compatible with."""

from __future__ import annotations

import re
from typing import Any

from genrec.errors import UserError, nearest
from genrec.imagery.checkpoint.families import family_of


def plain(name: str) -> str:
    """«EulerDiscreteScheduler», «euler-discrete» and «euler» are one name."""
    return re.sub(r"[^a-z0-9]|scheduler|discrete", "", name.lower())


def choices(pipe: Any) -> dict[str, Any]:
    """Name as `plain` has it → class, of all that can stand in the place of the pipeline's scheduler."""
    import diffusers

    scheduler = pipe.scheduler
    classes = [type(scheduler), *scheduler.compatibles]
    if is_flow(scheduler):
        # diffusers lists none for flow matching, though these read a flow model's prediction as it is.
        classes.append(diffusers.FlowMatchEulerDiscreteScheduler)
        if family_of(pipe) == "sd3":  # the second takes no noise levels of others' choice, which FLUX's pipeline makes
            classes.append(diffusers.FlowMatchHeunDiscreteScheduler)
    return {plain(kind.__name__): kind for kind in classes}


def exchanged(pipe: Any, name: str) -> Any:
    """A scheduler of the named class with the configuration of the pipeline's; UserError where it cannot be."""
    found = choices(pipe)
    kind = found.get(plain(name))
    if kind is None:
        known = [one.__name__ for one in found.values()]
        raise UserError(f"scheduler: {name!r} does not go with {type(pipe.scheduler).__name__}; {nearest(name, known)}")
    return kind.from_config(pipe.scheduler.config)


def is_flow(scheduler: Any) -> bool:
    """Whether the model behind it predicts a flow's velocity, not noise."""
    config = scheduler.config
    return type(scheduler).__name__.startswith("FlowMatch") or config.get("prediction_type") == "flow_prediction"
