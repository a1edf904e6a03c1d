"""Networks and what they read and write: the compact generator, language models, tasks, prompts, vocabularies."""
