"""What people touch: the API, the conversation over HTTP, the store behind it, the page. Needs the extra `serve`."""
