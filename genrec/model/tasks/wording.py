"""What the tasks say: the sentences of questions and answers, in one place. No code but for putting words in."""

from __future__ import annotations

NEXT_ITEM = "Next item after:"
"""Before a history of semantic IDs, at the end of which nothing follows: long prompts share their beginning."""
NEXT_ITEM_TITLES = "Next item after:\n{titles}"
TITLE = "- {title}"
