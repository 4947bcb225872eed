"""What the city reports back: feeds of sensors, translated into observations and kept."""
