"""Every component id that a callback or the map script names, in one place."""

MAP = "map"  # the element deck.gl draws into
VIEW = "view"  # dcc.Store: what the map shall show (see dash_app/map/README.md), nothing else
MAP_PICK = "map-pick"  # dcc.Store: what was clicked, written by the map script
MAP_HOVER = "map-hover"  # dcc.Store: what the pointer is over
MAP_CAMERA = "map-camera"  # dcc.Store: camera after a move, debounced
MAP_STATUS = "map-status"  # dcc.Store: loading, ready, or an error in words
