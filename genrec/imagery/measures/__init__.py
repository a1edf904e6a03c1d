"""How good drawn pictures are: by a classifier of their own, by what people turn out to like, by the scenes' truth."""
