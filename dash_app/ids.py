"""Every component id that a callback or a script names, in one place."""

MAP = "map"  # the element deck.gl draws into; the seam is told in dash_app/map/README.md

# What the page remembers: causes only
ADDRESS = "address"  # store: the query the page was opened with
STATE = "state"  # store: the whole view state, as it stands in the address (dash_app/state.py)
SCALE = "scale"  # store: breaks and colours of the column that colours the buildings
LANG = "lang"  # store: language asked for
PAINT = "paint"  # store: column and kind of scale asked for
PICK = "pick"  # store: table and key of the picked thing
PICK_PLACE = "pick-place"  # store: where the picked thing stands, lon, lat
QUERY = "query"  # store: what was typed into the search box
TABLE_ASKED = "table-asked"  # store: table, page, order and filter asked for
VIEW_ASKED = "view-asked"  # store: "map", "table" or "data"

WORK_ASKED = "work-asked"  # store: scenarios, year, view and the regions to be drawn again
WORK_TOLD = "work-told"  # store: what the server found, for the scripts
DIALOG_ASKED = "dialog-asked"  # store: which dialog is open, and about what

# What callbacks fill
PAGE = "page"
SKIP = "skip"
BAR = "bar"
NOTE = "note"  # a passing hint, e.g. that a link held an unknown value
LEFT = "left"
LEGEND = "legend"
CONTROLS = "controls"
SUN = "sun-bar"
CREDIT = "credit"
INSPECTOR = "inspector"
FOUND = "found"  # the list under the search box
FOUND_STATUS = "found-status"
TABLE = "table"
QUALITY = "quality"
SPOKEN = "spoken"  # live region

# The workspace
STRIP = "strip"  # switch and indicators under the bar
WORK_LEFT = "work-left"
WORK_RIGHT = "work-right"  # measure form, or where a number comes from
BOTTOM = "bottom"  # comparison and charts
YEARS = "years"  # slider over years and hours
SIDES = "sides"  # names of both sides of a divided map
SAVED = "saved"  # state of saving, in the bar
DIALOG = "dialog"
DIALOG_BODY = "dialog-body"
