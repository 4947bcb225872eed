"""The words that category columns may hold; on screen underscores become spaces."""

from __future__ import annotations

BUILDING_USES = (
    "residential", "mixed", "office", "retail", "commercial", "industrial", "storage", "education",
    "health", "public", "religious", "culture", "sport", "hospitality", "agriculture", "garage",
    "shed", "transport", "utility", "ruin", "other", "unknown",
)  # fmt: skip

SIZE_CLASSES = ("detached", "terraced", "apartments", "large_apartments", "non_residential")
"""Exchange classes of XWärmeplan 0.9: EFH, RH, MFH (3-12 dwellings), GMFH (13 and more)."""

AGE_CLASSES = (
    "until_1918", "1919_1948", "1949_1968", "1969_1983", "1984_2001", "2002_2009", "2010_2016",
    "2017_2029",
)  # fmt: skip
"""Age classes of XWärmeplan 0.9."""

ROOF_TYPES = (
    "flat", "gabled", "hipped", "half_hipped", "pyramidal", "skillion", "mansard", "gambrel",
    "round", "dome", "onion", "saltbox", "other",
)  # fmt: skip

STREET_CLASSES = (
    "motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential",
    "living_street", "service", "pedestrian", "track", "cycleway", "footway", "path", "bridleway",
    "steps", "busway",
)  # fmt: skip

ROAD_ACCESS = ("public", "destination", "customers", "agricultural", "private", "no")

CYCLE_FACILITIES = (
    "none", "separate_track", "track", "protected_lane", "lane", "advisory_lane", "bus_lane",
    "shared_path", "segregated_path", "cycle_street", "contraflow", "sidewalk_allowed",
)  # fmt: skip

REACH = ("main", "island", "only_out", "only_in", "not_allowed")
"""Main: largest strongly connected part; only_in: one can drive in but not back; only_out: the
reverse; island: neither; not_allowed: the mode may not use the link."""

CONTROL = ("none", "signals", "stop", "give_way", "roundabout", "priority_to_right")

STREET_POINT_CLASSES = (
    "crossing", "crossing_signals", "crossing_zebra", "signals", "stop", "give_way", "barrier",
    "level_crossing", "traffic_calming",
)  # fmt: skip

TURN_KINDS = (
    "no_left_turn", "no_right_turn", "no_straight_on", "no_u_turn", "no_entry", "no_exit",
    "only_left_turn", "only_right_turn", "only_straight_on", "only_u_turn",
)  # fmt: skip

RAILWAY_CLASSES = (
    "rail", "light_rail", "subway", "tram", "narrow_gauge", "monorail", "funicular", "disused",
    "construction",
)  # fmt: skip

LANDUSE_CLASSES = (
    "residential", "commercial", "industrial", "retail", "public", "education", "health",
    "farmland", "farmyard", "meadow", "grass", "orchard", "vineyard", "allotments", "forest",
    "scrub", "heath", "wetland", "park", "cemetery", "playground", "pitch", "sport", "leisure",
    "parking", "railway", "road", "military", "construction", "brownfield", "quarry", "landfill",
    "beach", "bare", "square", "other",
)  # fmt: skip

WATER_CLASSES = ("river", "canal", "stream", "ditch", "drain", "lake", "basin", "pool", "other")

LEAF_TYPES = ("broadleaved", "needleleaved", "unknown")

PLACE_CLASSES = (
    "city", "town", "village", "hamlet", "suburb", "quarter", "neighbourhood", "locality",
    "school", "kindergarten", "higher_education", "daily_needs", "shop", "health", "hospital",
    "care", "leisure", "playground", "sport", "culture", "food", "lodging", "public_service",
    "safety", "worship", "work", "parking", "charging", "fuel", "bike_parking", "sharing",
    "bank_post", "utility", "tourism", "other",
)  # fmt: skip
"""Settlements first, then points of interest."""

SETTLEMENTS = PLACE_CLASSES[:8]

STOP_CLASSES = ("bus", "tram", "light_rail", "subway", "rail", "ferry", "taxi", "other")

HEATING_TYPES = ("district", "block", "central", "flat", "stove", "none")
"""Types of heating of the German census: Fern-, Block-, Zentral-, Etagenheizung, Einzel- oder
Mehrraumöfen, keine."""

ENERGY_CARRIERS = (
    "gas", "oil", "district_heat", "wood", "biogas", "ambient", "electricity", "coal", "none",
)  # fmt: skip
"""Energy carriers of heating in the German census 2022; `ambient` is solar, geothermal heat and
heat pumps, which it counts together."""

CENSUS_AGES = (
    "until_1918", "1919_1948", "1949_1978", "1979_1986", "1987_1990", "1991_1995", "1996_2000",
    "2001_2004", "2005_2008", "2009_2100",
)  # fmt: skip
"""Years built as the census of 2011 counts them (Mikrozensus classes)."""

CENSUS_AGES_2022 = (
    "until_1918", "1919_1948", "1949_1978", "1979_1990", "1991_2000", "2001_2010", "2011_2019",
    "2020_2100",
)  # fmt: skip
"""Years built as the census of 2022 counts them."""

CENSUS_SIZES = (
    "detached_1", "semi_1", "terraced_1", "detached_2", "semi_2", "terraced_2", "multi_3_6",
    "multi_7_12", "multi_13", "other",
)  # fmt: skip
"""Types of residential buildings of both censuses, with their dwellings."""

CENSUS_THEMES = (
    "residents_age", "buildings_age", "buildings_size", "buildings_heating", "buildings_carrier",
    "dwellings_age", "dwellings_size", "dwellings_heating", "dwellings_carrier",
)  # fmt: skip
"""What the census grid counts by class: unit, then the trait."""

DAY_TYPES = ("weekday", "saturday", "sunday")

STEP_FREE = ("yes", "no", "unknown")

TRANSFER_KINDS = ("recommended", "timed", "minimum_time", "impossible", "in_seat", "in_seat_off")
"""transfer_type 0 to 5 of GTFS."""

REFURBISHMENT = ("existing", "usual", "advanced")
"""States of a thermal envelope as TABULA has them: as built and kept up, after a usual and after an
ambitious refurbishment."""

HEAT_SYSTEMS = (
    "gas_boiler", "oil_boiler", "coal_stove", "biomass_boiler", "direct_electric",
    "air_heat_pump", "brine_heat_pump", "hybrid_heat_pump", "district_heat", "none",
)  # fmt: skip
"""What heats a building; a hybrid is an air heat pump with a gas boiler for the cold hours."""

CARRIERS = (
    "gas", "oil", "coal", "biomass", "green_gas", "green_oil", "electricity", "district_heat",
    "ambient_heat",
)  # fmt: skip
"""Carriers of final energy; the green ones are the climate-neutral part of gas and oil that the law
asks for."""

NETWORK_SOURCES = (
    "gas_boiler", "gas_chp", "biomass", "waste_heat", "waste_incineration", "geothermal",
    "solar_thermal", "air_heat_pump", "river_heat_pump", "electric_boiler",
)  # fmt: skip
"""What feeds a heat network."""

ACTORS = ("owner", "tenant", "utility", "town")
"""Who pays: owners of buildings, tenants, network and grid operators, the municipality."""

MODES = ("walk", "bike", "transit", "car", "passenger")
"""How a person makes a trip; `car` drives, `passenger` rides along."""

VEHICLE_CLASSES = ("car", "truck")
"""Classes of vehicles that are put on the streets."""

PURPOSES = ("work", "education", "shopping", "errand", "leisure", "escort")
"""What a trip from or to home is for, as the survey MiD has them; the way home belongs to it."""

FACILITIES = (
    "school", "kindergarten", "daily_needs", "health", "park", "leisure", "stop", "jobs",
)  # fmt: skip
"""What people want to reach; `health` are doctors, pharmacies and hospitals."""

STRESS = (1, 2, 3, 4)
"""Levels of traffic stress of Furth: 1 for children, 4 for the fearless."""

AREA_CHANGES = ("parking", "car_sharing", "mobility_hub", "charging_points")
"""What a measure may set for an area, see `twin.state.AreaChange`."""
