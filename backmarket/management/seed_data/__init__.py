"""What the demo and a first installation know of the domain, as plain data: no model, no query, no clock."""
