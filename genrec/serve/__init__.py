"""The running service: an API that any OpenAI client can talk to, typed endpoints, a store of histories, a page.

It needs the extra `serve` (`pip install 'genrec[serve]'`); `genrec serve RUN` starts it.
"""
