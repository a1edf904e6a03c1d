"""The API, a file per subject. What a route does stands in `genrec.serve.service`; here it has address and form."""
