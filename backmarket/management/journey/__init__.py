"""The whole circle once, through HTTP and a real worker, on a database of its own."""
