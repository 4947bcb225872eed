"""The model: what a city is, what may change, what follows."""
