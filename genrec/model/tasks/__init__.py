"""Tasks: what a language model learns of a catalogue and its people, one small class each, mixed by weights."""

from genrec.model.tasks.facts import Facts
from genrec.model.tasks.interface import Example, Material, Task
from genrec.model.tasks.mixture import Mixture
from genrec.model.tasks.next_item import NextItem, NextItemTitles

TASKS: dict[str, type[Task]] = {task.name: task for task in (NextItem, NextItemTitles)}
"""By the name that recipes call them."""

__all__ = ["TASKS", "Example", "Facts", "Material", "Mixture", "Task"]
