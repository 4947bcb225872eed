"""What was measured beside what is modelled: how good the model is, in numbers."""
