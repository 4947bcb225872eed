"""Sun on roofs: planes, horizons, potential, hourly photovoltaics, battery and own use."""
