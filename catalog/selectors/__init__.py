"""What the shop window shows. List pages read Buyable rows only, in a number of queries that no row count changes."""
