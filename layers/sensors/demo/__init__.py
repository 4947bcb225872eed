"""
A recorded week of an invented town: counters, climate, parking, PV, charging to play again.

Nothing of it was ever measured. It shows how feeds look and work, and says so: every stream is
marked as replayed. The same city and week always give the same numbers.
"""

from layers.sensors.demo.files import write_demo

__all__ = ["write_demo"]
