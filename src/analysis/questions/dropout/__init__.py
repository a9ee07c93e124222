"""Dropout: who is at risk, what a model may look at, how well it does, and the number to come."""
