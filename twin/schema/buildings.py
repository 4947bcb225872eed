"""Tables of the building stock: buildings, their roofs and envelopes, addresses, parcels."""

from __future__ import annotations

from twin.classes import (
    AGE_CLASSES,
    BUILDING_USES,
    ENERGY_CARRIERS,
    HEATING_TYPES,
    ROOF_TYPES,
    SIZE_CLASSES,
)
from twin.schema.columns import ADDRESS_COLUMNS, POINT, POLYGON, Table, category, flag, number, text

BUILDINGS = Table(
    name="buildings",
    key="building_id",
    label="Buildings",
    geometry=POLYGON,
    columns=(
        text("name", "Name"),
        text("known_by", "Known to"),  # keys of the sources that have it, space separated
        text("other_ids", "Ids elsewhere"),  # its ids in the other sources, space separated
        text("function", "Function in the cadastre"),  # the official word, as it stands there
        text("part_of", "Part of building"),  # a part names its outline
        flag("has_parts", "Has parts"),  # an outline whose volume its parts carry
        category("use", "Use", BUILDING_USES, required=True, source="use_source"),
        category("size_class", "Building type", SIZE_CLASSES, source="size_class_source"),
        number("height_m", "Height", "m", 0.5, 500, required=True, source="height_source"),
        number("min_height_m", "Height of underside", "m", 0, 500, required=True),
        number("storeys", "Storeys", "", 0, 150, source="storeys_source"),
        category("roof_type", "Roof shape", ROOF_TYPES, required=True, source="roof_type_source"),
        number("roof_height_m", "Roof height", "m", 0, 100, source="roof_height_source"),
        number("roof_direction_deg", "Roof direction", "°", 0, 360),  # downslope, 0 = north
        number("ground_m", "Ground level", "m", -500, 9000, source="ground_source"),  # above sea
        number("footprint_m2", "Footprint", "m²", 0, 2_000_000, required=True),
        number("year_built", "Year built", "", 500, 2100, source="year_built_source"),
        category("age_class", "Age class", AGE_CLASSES, source="age_class_source"),
        number("floor_area_m2", "Gross floor area", "m²", 0, 5_000_000, source="floor_area_source"),
        number("living_area_m2", "Living area", "m²", 0, 2_000_000, source="living_area_source"),
        number("dwellings", "Dwellings", "", 0, 5_000, source="dwellings_source"),
        number("residents", "Residents", "", 0, 10_000, source="residents_source"),
        category("heating", "Heating", HEATING_TYPES, source="heating_source"),
        category("energy_carrier", "Energy carrier", ENERGY_CARRIERS, source="carrier_source"),
        *ADDRESS_COLUMNS,
        text("district_id", "District"),
        text("block_id", "Block"),
        text("zone_id", "Traffic zone"),
        text("parcel_id", "Parcel"),
        text("cell_id", "Census cell"),
    ),
)

ROOFS = Table(
    name="roofs",
    key="roof_id",
    label="Roof planes",
    geometry=("Polygon",),  # with heights above sea where known: the plane as it lies in space
    columns=(
        text("building_id", "Building", required=True),  # a part where the building has parts
        number("area_m2", "Area", "m²", 0, 200_000, required=True),  # in the plane, not its plan
        number("azimuth_deg", "Azimuth", "°", 0, 360),  # downslope, 0 = north; none where flat
        number("tilt_deg", "Tilt", "°", 0, 90, required=True),
        number("height_m", "Height", "m", -500, 9500),  # of its middle, above sea
        text("plane_source", "Source of the plane", required=True),
    ),
)

ENVELOPES = Table(
    name="envelopes",
    key="building_id",
    label="Envelopes",
    geometry=(),
    columns=(
        number("wall_north_m2", "Outer wall, north", "m²", 0, 500_000, required=True),
        number("wall_east_m2", "Outer wall, east", "m²", 0, 500_000, required=True),
        number("wall_south_m2", "Outer wall, south", "m²", 0, 500_000, required=True),
        number("wall_west_m2", "Outer wall, west", "m²", 0, 500_000, required=True),
        number("party_wall_m2", "Wall shared with neighbours", "m²", 0, 500_000, required=True),
        number("roof_m2", "Roof", "m²", 0, 2_000_000, required=True),
        number("ground_m2", "Ground slab", "m²", 0, 2_000_000, required=True),
        number("volume_m3", "Volume", "m³", 0, 50_000_000, required=True),
        text("envelope_source", "Source of the envelope", required=True),
    ),
)

ADDRESSES = Table(
    name="addresses",
    key="address_id",
    label="Addresses",
    geometry=POINT,
    columns=(*ADDRESS_COLUMNS, text("building_id", "Building")),
)

PARCELS = Table(
    name="parcels",
    key="parcel_id",
    label="Parcels",
    geometry=POLYGON,
    columns=(
        text("number", "Parcel number"),  # Gemarkung, Flur, Zähler/Nenner as written on paper
        text("tract", "Cadastral district"),  # Gemarkung
        number("area_m2", "Area", "m²", 0, 1e9, required=True, source="area_source"),
        text("location", "Location"),  # Lagebezeichnung; never an owner
    ),
)
