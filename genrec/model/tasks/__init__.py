"""Tasks: what a language model learns of a catalogue and its people, one small class each, mixed by weights."""

from genrec.model.tasks.change import Change
from genrec.model.tasks.chat import Chat
from genrec.model.tasks.describing import Describe, Find
from genrec.model.tasks.explanation import Explanation
from genrec.model.tasks.facts import Facts
from genrec.model.tasks.hearing import Hearing
from genrec.model.tasks.interface import Example, Material, Task
from genrec.model.tasks.mixture import Mixture
from genrec.model.tasks.next_item import NextItem, NextItemTitles
from genrec.model.tasks.search import Search, TitleSearch
from genrec.model.tasks.taste import Taste

_ALL: tuple[type[Task], ...] = (
    NextItem, NextItemTitles, Describe, Find, Search, TitleSearch, Change, Taste, Explanation, Chat,
    Hearing,
)  # fmt: skip
TASKS = {task.name: task for task in _ALL}
"""By the name that recipes call them."""

__all__ = ["TASKS", "Example", "Facts", "Material", "Mixture", "Task"]
