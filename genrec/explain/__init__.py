"""Why an item: evidence, the text that cites it, and the checker that drops what does not hold."""
