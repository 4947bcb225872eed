"""The panels of the mode "sensors": what is measured, how feeds are, how well the models fit."""
