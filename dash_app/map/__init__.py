"""The 3D map: what is sent to the browser and how it shall look. See README.md for the contract."""
