"""Finding items without a language model: by words, by the values that words name, and by pictures."""
