"""Runs the models in order: city, scenario and assumptions in, results out; nobody else does."""
