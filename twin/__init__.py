"""The model: what a city is, what may change, what follows."""

from twin.kernels import keep_kernels_apart

keep_kernels_apart()
