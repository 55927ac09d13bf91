"""What the two admin sites share: doors, steps, piles, exports, dashboards and navigation."""
