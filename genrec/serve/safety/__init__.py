"""Who may ask for what, how much and how often, and what is written down of it. Knows nothing of recommendations.

`keys` says who somebody is, `clients` where a request really comes from, `browsers` whether somebody else's page sent
it, `authenticate` and `require` whether it may go on, `rates` how often, `bodies`, `json_shape` and `uploads` with how
much, `headers` what a browser may do with the answer, `access_log` and `logs` what remains of it. `stack.protect` puts
them around an application in the order in which they must stand.

All middlewares are plain ASGI: they see messages, never whole responses, so streams stream and a client's leaving and a
cancellation reach the application at once.
"""
