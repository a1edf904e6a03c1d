"""From a model to items: the trie, constraints, the one beam search, the engines, the living catalogue."""
