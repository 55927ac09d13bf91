"""A person's own pages, made of several apps: what is open, who they are, their data, and the way out."""
