"""The running service: API, conversation, store, safety, page. An extra: `pip install genrec[serve]`."""
