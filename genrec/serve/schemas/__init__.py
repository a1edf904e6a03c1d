"""What requests and answers of the API look like: typed, bounded, with examples that the OpenAPI document shows."""
