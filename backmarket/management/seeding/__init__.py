"""The demo data, part by part: each module's `load(at)` writes one part and says in a line what it wrote."""
