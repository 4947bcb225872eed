"""A town written as NAS is read as it was, in any version, packing, order and company."""

import gzip
import re
import zipfile

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from pandas.testing import assert_frame_equal
from pyproj import Transformer

from layers.cadastre import read_cadastre
from layers.nas import looks_like_nas, read_nas
from layers.nas.objects import ATTRIBUTES
from layers.sample_city import make_sample
from layers.source_data import Area
from tests.town_files.ids import official_id
from tests.town_files.nas import FUNCTIONS, LAND, ROOFS, WATER, write_nas
from twin.errors import SourceError
from twin.schema import TABLES
from twin.validation import faults_of

CRS = "EPSG:25832"


@pytest.fixture(scope="module")
def town():
    return make_sample(buildings=150).tables


@pytest.fixture(scope="module")
def written(town, tmp_path_factory):
    folder = tmp_path_factory.mktemp("nas")
    return {gid: write_nas(town, folder / f"gid{gid}.xml", gid=gid) for gid in (6, 7)}


@pytest.fixture(scope="module")
def read(written):
    return {gid: read_nas(path) for gid, path in written.items()}


def codes(data) -> dict[str, int]:
    return {finding.code: finding.count for finding in data.findings}


@pytest.mark.parametrize("gid", [6, 7])
def test_buildings_are_those_of_the_town(town, read, gid):
    expected = town["buildings"].copy()
    expected.index = pd.Index([official_id(key) for key in expected.index])
    found = read[gid].tables["buildings"]
    assert set(found.index) == set(expected.index)
    expected = expected.loc[found.index]
    assert found["use"].tolist() == expected["use"].tolist()
    for column in ("storeys", "year_built"):
        assert found[column].fillna(0).tolist() == expected[column].fillna(0).tolist()
    known = expected["roof_type"].isin(ROOFS).to_numpy()
    assert found["roof_type"][known].tolist() == expected["roof_type"][known].tolist()
    assert found["street"].fillna("").tolist() == expected["street"].fillna("").tolist()
    assert found["housenumber"].fillna("").tolist() == expected["housenumber"].fillna("").tolist()
    off = shapely.hausdorff_distance(found.geometry.array, expected.geometry.array)
    assert off.max() < 0.001
    assert found["footprint_m2"].to_numpy() == pytest.approx(
        expected.geometry.area.to_numpy(), rel=1e-3
    )
    assert set(found["use_source"]) == set(found["storeys_source"].dropna()) == {"registered"}
    assert found["height_m"].isna().all()  # the file says none, so neither does the reader


def test_both_versions_say_the_same(read):
    for name, table in read[6].tables.items():
        assert_frame_equal(table, read[7].tables[name])


def test_tables_follow_the_schema(read):
    for name, table in read[6].tables.items():
        required = {c.name for c in TABLES[name].columns if c.required}
        faults = faults_of(TABLES[name], table, crs=CRS)
        assert [f for f in faults if not any(f.startswith(f"{c}:") for c in required)] == []
    assert faults_of(TABLES["parcels"], read[6].tables["parcels"], crs=CRS) == []
    assert faults_of(TABLES["landuse"], read[6].tables["landuse"], crs=CRS) == []


def test_parcels_bear_number_area_and_no_owner(town, read):
    found = read[6].tables["parcels"]
    assert len(found) == len(town["buildings"])
    assert found["number"].str.fullmatch(r"Musterstadt, Flur 1, \d+").all()
    assert found["area_m2"].to_numpy() == pytest.approx(found.geometry.area.round().to_numpy())
    assert set(found["area_source"]) == {"registered"}


def test_addresses_lie_in_their_buildings(town, read):
    found, buildings = read[6].tables["addresses"], read[6].tables["buildings"]
    numbered = town["buildings"].dropna(subset=["street", "housenumber"])
    assert len(found) == len(numbered)
    assert set(found["street"] + found["housenumber"]) == set(
        numbered["street"] + numbered["housenumber"]
    )
    inside = buildings.geometry.loc[found["building_id"]].buffer(0.002)
    assert found.geometry.within(inside, align=False).all()
    assert set(found["locality"]) == {"Musterstadt"}


def test_land_use_is_that_of_the_town(town, read):
    for name, kinds in (("landuse", LAND), ("water", WATER)):
        expected = town[name][town[name]["class"].isin(kinds)]
        expected = expected[expected.geom_type.str.endswith("Polygon")]
        found = read[6].tables[name]
        by_key = dict(zip(map(official_id, expected.index), expected["class"], strict=True))
        assert found["class"].astype(str).to_dict() == by_key


def test_every_code_of_the_writer_stands_in_the_catalogue():
    from layers.alkis import building_use  # noqa: PLC0415

    uses = building_use("31001_" + pd.Series(FUNCTIONS))["use"]
    assert uses.drop("other").tolist() == [use for use in FUNCTIONS if use != "other"]


def test_the_same_town_in_the_simplified_schema(town, read, tmp_path):
    """The two official formats of one register must give the same stock."""
    from tests.town_files.cadastre import FUNCTIONS as NAMES  # noqa: PLC0415

    buildings = town["buildings"]
    kept = buildings[buildings["use"].isin(NAMES)]
    place = (kept["street"] + " " + kept["housenumber"]).to_numpy()
    frame = gpd.GeoDataFrame(
        {
            "oid": [f"{official_id(key)}BL" for key in kept.index],
            "gebnutzbez": "Gebäude",
            "funktion": [NAMES[use][1] for use in kept["use"]],
            "gfkzshh": [f"31001_{FUNCTIONS[use]}" for use in kept["use"]],
            "anzahlgs": kept["storeys"].astype(int).to_numpy(),
            "gmdschl": "05382068",
            "lagebeztxt": place,
        },
        geometry=np.asarray(kept.geometry.array), crs=CRS,
    )  # fmt: skip
    path = tmp_path / "gru_vereinf.gpkg"
    pyogrio.write_dataframe(frame, path, layer="GebauedeBauwerk", promote_to_multi=True)
    simple = read_cadastre([path]).tables["buildings"]
    full = read[6].tables["buildings"].loc[simple.index]
    assert len(simple) == len(kept)
    for column in ("use", "storeys", "street", "housenumber", "size_class"):
        assert simple[column].astype(str).tolist() == full[column].astype(str).tolist(), column
    assert simple.geometry.area.to_numpy() == pytest.approx(full.geometry.area.to_numpy(), rel=1e-3)


def test_packing_and_order_of_files_do_not_matter(written, read, tmp_path):
    packed = tmp_path / "a.xml.gz"
    packed.write_bytes(gzip.compress(written[6].read_bytes()))
    archive = tmp_path / "b.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.write(written[7], "inside/town.xml")
        file.writestr("readme.txt", "no XML")
        file.writestr("metadata.xml", "<metadata/>")
    alone = [read_nas(path) for path in (packed, archive)]
    both = [read_nas([packed, archive]), read_nas([archive, packed])]
    for name, table in read[6].tables.items():
        for data in (*alone, *both):
            assert_frame_equal(data.tables[name], table)
    assert codes(both[0])["same_object"] > len(read[6].tables["buildings"])
    assert codes(both[0]) == codes(both[1])


def test_no_person_is_ever_read(written, read):
    text = written[6].read_text("utf-8")
    secrets = ("Geheim", "Eigentümer-", "1970-01-01", "Geheimweg")
    assert all(secret in text for secret in secrets)
    for data in read.values():
        seen = repr(data.report) + repr(data.findings) + repr(data.source)
        seen += "".join(table.drop(columns="geometry").to_csv() for table in data.tables.values())
        assert not any(secret in seen for secret in secrets)
    people = re.compile(r"Person|Anschrift|Buchung|Namensnummer|Verwalter|Vertretung|istGebucht")
    assert not [kind for kind in ATTRIBUTES if people.search(kind)]
    assert not [a for wanted in ATTRIBUTES.values() for a in wanted if people.search(a)]


def test_source_says_land_date_and_checksum(read):
    source = read[6].source
    assert (source.key, source.date, len(source.sha256)) == ("geobasis_nrw", "2021-05-04", 64)


# -- files by hand

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><AX_Bestandsdatenauszug '
    'xmlns="http://www.adv-online.de/namespaces/adv/gid/6.0" '
    'xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'xmlns:wfs="http://www.opengis.net/wfs" xmlns:ogc="http://www.opengis.net/ogc" '
    'xmlns:fes="http://www.opengis.net/fes/2.0">'
)
TAIL = "</AX_Bestandsdatenauszug>"
SQUARE = "370000 5630000 370010 5630000 370010 5630010 370000 5630010 370000 5630000"


def feature(
    number: int, *, kind: str = "AX_Gebaeude", srs: str = "urn:adv:crs:ETRS89_UTM32",
    begin: str = "2020-01-01T00:00:00Z", ends: str = "", inside: str = "", ring: str = "",
    places: str = SQUARE,
) -> str:  # fmt: skip
    key = f"DENW01AL{number:08d}"
    ring = ring or f"<gml:LinearRing><gml:posList>{places}</gml:posList></gml:LinearRing>"
    end = f"<endet>{ends}</endet>" if ends else ""
    name = f' srsName="{srs}"' if srs else ""
    return (
        f'<{kind} gml:id="{key}"><gml:identifier codeSpace="http://www.adv-online.de/">urn:adv:oid:'
        f"{key}</gml:identifier><lebenszeitintervall><AA_Lebenszeitintervall><beginnt>{begin}"
        f"</beginnt>{end}</AA_Lebenszeitintervall></lebenszeitintervall><position><gml:Surface{name}>"
        f"<gml:patches><gml:PolygonPatch><gml:exterior>{ring}</gml:exterior></gml:PolygonPatch>"
        f"</gml:patches></gml:Surface></position>{inside}</{kind}>"
    )


def member(text: str) -> str:
    return f"<gml:featureMember>{text}</gml:featureMember>"


@pytest.fixture
def nas(tmp_path):
    def nas(*features: str, name: str = "t.xml"):
        path = tmp_path / name
        path.write_text(HEAD + "".join(features) + TAIL, "utf-8")
        return path

    return nas


def moved(crs: str, places: str = SQUARE, *, swap: bool = False) -> str:
    xy = np.array(places.split(), float).reshape(-1, 2)
    other = np.column_stack(Transformer.from_crs(CRS, crs, always_xy=True).transform(*xy.T))
    return " ".join(f"{v:.9f}" for v in (other[:, ::-1] if swap else other).ravel())


def test_ended_objects_are_left_out(nas):
    data = read_nas(nas(member(feature(1)), member(feature(2, ends="2022-01-01T00:00:00Z"))))
    assert len(data.tables["buildings"]) == 1
    assert codes(data)["ended_objects"] == 1


def test_an_update_file_inserts_replaces_deletes_and_ends(nas):
    stock = nas(*(member(feature(n)) for n in range(1, 5)), name="a.xml")
    inside = "<gebaeudefunktion>2463</gebaeudefunktion>"
    old = "20200101T000000Z"
    later = feature(3, begin="2021-01-01T00:00:00Z", inside=inside)
    update = nas(
        "<geaenderteObjekte><wfs:Transaction>",
        f"<wfs:Insert>{feature(5)}{feature(6)}</wfs:Insert>",
        f'<wfs:Replace>{later}<ogc:Filter><ogc:FeatureId fid="DENW01AL00000003{old}"/></ogc:Filter>'
        "</wfs:Replace>",
        '<wfs:Delete typeNames="AX_Gebaeude"><fes:Filter><fes:ResourceId rid="DENW01AL00000001'
        f'{old}"/></fes:Filter></wfs:Delete>',
        '<wfs:Update typeName="AX_Gebaeude"><wfs:Property><wfs:Name>adv:lebenszeitintervall/'
        "adv:AA_Lebenszeitintervall/adv:endet</wfs:Name><wfs:Value>2021-05-05T00:00:00Z</wfs:Value>"
        f'</wfs:Property><ogc:Filter><ogc:FeatureId fid="DENW01AL00000002{old}"/></ogc:Filter>'
        "</wfs:Update></wfs:Transaction></geaenderteObjekte>",
        name="b.xml",
    )
    data = read_nas([stock, update])
    found = data.tables["buildings"]
    assert [key[-1] for key in found.index] == ["3", "4", "5", "6"]
    assert found["use"].tolist() == ["garage", "unknown", "unknown", "unknown"]
    seen = codes(data)
    assert (seen["nba_delete"], seen["nba_replace"], seen["nba_update"]) == (1, 1, 1)
    assert seen["taken_back"] == 3


def test_of_several_versions_the_newest_counts(nas):
    new = feature(1, begin="2024-01-01T00:00:00Z", inside="<name>neu</name>")
    data = read_nas(nas(member(new), member(feature(1, inside="<name>alt</name>"))))
    assert data.tables["buildings"]["name"].tolist() == ["neu"]
    assert codes(data)["older_versions"] == 1


def test_versions_of_the_same_time_do_not_depend_on_order(nas):
    one, two = feature(1, inside="<name>a</name>"), feature(1, inside="<name>b</name>")
    first = read_nas(nas(member(one), member(two), name="1.xml"))
    second = read_nas(nas(member(two), member(one), name="2.xml"))
    assert_frame_equal(first.tables["buildings"], second.tables["buildings"])


@pytest.mark.parametrize(
    ("srs", "crs", "code"),
    [("urn:adv:crs:DE_DHDN_3GK2", "EPSG:31466", "reprojected"),
     ("urn:adv:crs:ETRS89_UTM33", "EPSG:25833", "reprojected"),
     ("urn:ogc:def:crs:EPSG::25832", "EPSG:25832", ""),
     ("http://www.opengis.net/def/crs/EPSG/0/25832", "EPSG:25832", ""),
     ("urn:adv:crs:ETRS89_UTM32*DE_DHHN2016_NH", "EPSG:25832", "")],
)  # fmt: skip
def test_mixed_systems_come_together(nas, srs, crs, code):
    others = "".join(member(feature(n)) for n in (1, 2))
    data = read_nas(nas(others, member(feature(3, srs=srs, places=moved(crs)))))
    shapes = data.tables["buildings"].geometry
    assert data.crs == CRS
    assert shapes.iloc[2].hausdorff_distance(shapes.iloc[0]) < 0.002
    assert codes(data) == ({code: 1} if code else {})


def test_swapped_axes_and_zone_numbers(nas):
    xy = np.array(SQUARE.split(), float).reshape(-1, 2)
    swapped = " ".join(map(str, xy[:, ::-1].ravel()))
    data = read_nas(nas(member(feature(1, places=swapped))))
    assert (
        data.tables["buildings"]
        .geometry.iloc[0]
        .equals(shapely.box(370000, 5630000, 370010, 5630010))
    )
    assert codes(data)["swapped_axes"] == 1
    zoned = " ".join(map(str, (xy + np.array([32_000_000, 0])).ravel()))
    data = read_nas(nas(member(feature(1, places=zoned))))
    assert data.tables["buildings"].geometry.iloc[0].bounds[0] == 370000


def test_degrees_come_north_first(nas):
    places = moved("EPSG:4258", swap=True)
    data = read_nas(nas(member(feature(1, srs="urn:adv:crs:ETRS89_Lat-Lon", places=places))))
    assert data.crs == CRS
    expected = shapely.box(370000, 5630000, 370010, 5630010)
    assert data.tables["buildings"].geometry.iloc[0].hausdorff_distance(expected) < 0.01


def test_the_file_may_name_the_system_once(nas):
    head = ('<gml:boundedBy><gml:Envelope srsName="urn:adv:crs:ETRS89_UTM33"><gml:lowerCorner>0 0'
            "</gml:lowerCorner></gml:Envelope></gml:boundedBy>")  # fmt: skip
    data = read_nas(nas(head, member(feature(1, srs=""))))
    assert data.crs == "EPSG:25833"


def test_an_unknown_system_is_an_error_alone_and_counted_among_others(nas):
    strange = member(feature(1, srs="urn:adv:crs:MOON"))
    with pytest.raises(SourceError, match="no coordinate system that is known"):
        read_nas(nas(strange))
    data = read_nas(nas(strange, member(feature(2))))
    assert (len(data.tables["buildings"]), codes(data)["unknown_crs"]) == (1, 1)


def test_shared_edges_even_those_further_down(nas):
    def ring(*members: str) -> str:
        return f"<gml:Ring>{''.join(members)}</gml:Ring>"

    def link(name: str) -> str:
        return f'<gml:curveMember xlink:href="#{name}"/>'

    def curve(name: str, places: str) -> str:
        return (f'<gml:curveMember><gml:Curve gml:id="{name}"><gml:segments><gml:LineStringSegment>'
                f"<gml:posList>{places}</gml:posList></gml:LineStringSegment></gml:segments>"
                "</gml:Curve></gml:curveMember>")  # fmt: skip

    e, n = 370000, 5630000
    middle = f"{e + 10} {n} {e + 10} {n + 10}"
    left = ring(link("m"), curve("l", f"{e + 10} {n + 10} {e} {n + 10} {e} {n} {e + 10} {n}"))
    right = ring(
        curve("m", middle),
        curve("r", f"{e + 10} {n + 10} {e + 20} {n + 10} {e + 20} {n} {e + 10} {n}"),
    )
    third = ring(link("gone"), curve("x", middle))
    data = read_nas(
        nas(*(member(feature(i, ring=r)) for i, r in enumerate((left, right, third), 1)))
    )
    shapes = data.tables["buildings"].geometry
    assert shapes.iloc[0].equals(shapely.box(e, n, e + 10, n + 10))
    assert shapes.iloc[1].equals(shapely.box(e + 10, n, e + 20, n + 10))
    assert codes(data) == {"dangling_edge": 1, "no_outline": 1}


def test_patches_join_and_crossings_are_repaired(nas):
    e, n = 370000, 5630000
    bow = f"{e} {n} {e + 10} {n + 10} {e + 10} {n} {e} {n + 10} {e} {n}"
    two = (f"<gml:LinearRing><gml:posList>{SQUARE}</gml:posList></gml:LinearRing></gml:exterior>"
           "</gml:PolygonPatch><gml:PolygonPatch><gml:exterior><gml:LinearRing><gml:posList>"
           f"{e + 10} {n} {e + 20} {n} {e + 20} {n + 10} {e + 10} {n + 10} {e + 10} {n}"
           "</gml:posList></gml:LinearRing>")  # fmt: skip
    data = read_nas(nas(member(feature(1, places=bow)), member(feature(2, ring=two))))
    shapes = data.tables["buildings"].geometry
    assert shapes.is_valid.all()
    assert shapes.iloc[0].area == pytest.approx(50)
    assert shapes.iloc[1].equals(shapely.box(e, n, e + 20, n + 10))
    assert codes(data) == {"repaired_outline": 1}


def test_underground_planned_parts_and_structures_are_counted(nas):
    data = read_nas(nas(
        member(feature(1)),
        member(feature(2, inside="<lageZurErdoberflaeche>1200</lageZurErdoberflaeche>")),
        member(feature(3, inside="<zustand>3000</zustand>")),
        member(feature(4, kind="AX_Bauteil", inside="<bauart>2510</bauart>")),
        member(feature(5, kind="AX_SonstigesBauwerkOderSonstigeEinrichtung")),
        member(feature(6, inside="<zustand>2200</zustand>")),
    ))  # fmt: skip
    assert data.tables["buildings"]["use"].tolist() == ["unknown", "ruin"]
    expected = {"underground": 1, "planned": 1, "building_parts": 1, "structures": 1}
    assert codes(data) == expected


def test_municipalities_become_districts(nas):
    key = ("<AX_Gemeindekennzeichen><land>05</land><regierungsbezirk>3</regierungsbezirk><kreis>82"
           "</kreis><gemeinde>068</gemeinde></AX_Gemeindekennzeichen>")  # fmt: skip
    inside = f"<gemeindekennzeichen>{key}</gemeindekennzeichen>"
    exclave = SQUARE.replace("3700", "3800")
    name = (f'<AX_Gemeinde gml:id="DENW01AL00000009"><bezeichnung>Troisdorf</bezeichnung>'
            f"<schluessel>{key}</schluessel></AX_Gemeinde>")  # fmt: skip
    data = read_nas(nas(
        member(feature(1, kind="AX_KommunalesGebiet", inside=inside)),
        member(feature(2, kind="AX_KommunalesGebiet", inside=inside, places=exclave)),
        member(name),
    ))  # fmt: skip
    found = data.tables["districts"]
    assert found.index.tolist() == ["ags:05382068"]
    assert (found["name"].iloc[0], found["area_m2"].iloc[0], data.name) == (
        "Troisdorf",
        200,
        "Troisdorf",
    )


def test_height_year_and_name(nas):
    inside = ("<name>Rathaus</name><objekthoehe uom='m'>12.4</objekthoehe><baujahr>1899</baujahr>"
              "<anzahlDerOberirdischenGeschosse>3</anzahlDerOberirdischenGeschosse>"
              "<gebaeudefunktion>3012</gebaeudefunktion><dachform>3200</dachform>")  # fmt: skip
    row = read_nas(nas(member(feature(1, inside=inside)))).tables["buildings"].iloc[0]
    assert (row["name"], row["use"], row["function"]) == ("Rathaus", "public", "Rathaus")
    assert (row["height_m"], row["year_built"], row["storeys"]) == (12.4, 1899, 3)
    assert (row["roof_type"], row["height_source"]) == ("hipped", "registered")


def test_codes_as_links(nas):
    link = 'xlink:href="https://registry.gdi-de.org/codelist/de.adv-online.gid/AX_Gebaeudefunktion/2463"'
    data = read_nas(nas(member(feature(1, inside=f"<gebaeudefunktion {link}/>"))))
    assert data.tables["buildings"]["use"].tolist() == ["garage"]


def test_an_absent_address_is_counted(nas):
    link = '<zeigtAuf xlink:href="urn:adv:oid:DENW01AL99999999"/>'
    assert codes(read_nas(nas(member(feature(1, inside=link)))))["dangling_address"] == 1


def test_only_a_municipality_or_an_area(nas):
    def parcel(number: int, town: str, places: str = SQUARE) -> str:
        key = (f"<gemeindezugehoerigkeit><AX_Gemeindekennzeichen><land>05</land><regierungsbezirk>3"
               f"</regierungsbezirk><kreis>82</kreis><gemeinde>{town}</gemeinde>"
               "</AX_Gemeindekennzeichen></gemeindezugehoerigkeit>")  # fmt: skip
        return member(feature(number, kind="AX_Flurstueck", inside=key, places=places))

    far = SQUARE.replace("3700", "3800")
    path = nas(
        parcel(1, "068"), parcel(2, "060", far), member(feature(3)), member(feature(4, places=far))
    )
    own = read_nas(path, municipality="05382068")
    assert {name: list(t.index.str[-1]) for name, t in own.tables.items() if len(t)} == {
        "parcels": ["1"], "buildings": ["3"],
    }  # fmt: skip
    area = Area(shapely.box(379_000, 5_629_000, 381_000, 5_631_000), CRS)
    there = read_nas(path, area=area)
    assert list(there.tables["buildings"].index.str[-1]) == ["4"]
    none = read_nas(path, municipality="05315000")
    assert (len(none.tables["buildings"]), codes(none)["no_municipality"]) == (2, 1)


# -- what must not come in


def test_truncated_files(written, tmp_path):
    whole = written[6].read_bytes()
    plain, packed, archive = (tmp_path / name for name in ("a.xml", "b.xml.gz", "c.zip"))
    plain.write_bytes(whole[: len(whole) // 2])
    packed.write_bytes(gzip.compress(whole)[:-5000])
    with zipfile.ZipFile(tmp_path / "w.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("t.xml", whole)
    body = bytearray((tmp_path / "w.zip").read_bytes())
    body[3000:3100] = bytes(100)
    archive.write_bytes(body)
    for path in (plain, packed, archive):
        with pytest.raises(SourceError, match="is damaged"):
            read_nas(path)


BOMB = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
EXTERNAL = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    "declared", [BOMB, EXTERNAL, '<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd">']
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_own_document_types_are_refused(tmp_path, declared, encoding):
    path = tmp_path / "t.xml"
    body = HEAD.partition("?>")[2] + member(feature(1)) + TAIL
    text = f'<?xml version="1.0"?><!-- a --> {declared}{body}'
    path.write_bytes(text.encode(encoding))
    with pytest.raises(SourceError, match=r"is refused|is not NAS"):
        read_nas(path)


def test_archives_that_swell(tmp_path, monkeypatch):
    monkeypatch.setattr("layers.nas.door.SMALL", 1 << 20)
    path = tmp_path / "t.xml.gz"
    path.write_bytes(gzip.compress((HEAD + "<a>" + " " * 50_000_000).encode()))
    with pytest.raises(SourceError, match="swells"):
        read_nas(path)


def test_an_object_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr("layers.nas.stream.LARGEST_OBJECT", 1 << 20)
    path = tmp_path / "t.xml"
    path.write_text(HEAD + "<x><y>" + "<z>1</z>" * 400_000 + "</y></x>" + TAIL)
    with pytest.raises(SourceError, match="holds an object of more than 1 MB"):
        read_nas(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "not NAS"), (b"<a/>", "not NAS"), (b"PK\x03\x04 broken", "damaged"),
     (HEAD.encode() + b"<a></b>" + TAIL.encode(), "damaged"),
     (HEAD.encode() + TAIL.encode(), "holds no object"),
     (HEAD.encode() + b"<name>\xe4\xf6</name>" + TAIL.encode(), "damaged")],
)  # fmt: skip
def test_what_is_no_nas(tmp_path, content, words):
    path = tmp_path / "t.xml"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=words):
        read_nas(path)


def test_a_missing_file_and_none_at_all(tmp_path):
    with pytest.raises(SourceError, match="is not there"):
        read_nas(tmp_path / "no.xml")
    with pytest.raises(SourceError, match="No NAS file"):
        read_nas([])


def test_latin_1_is_read_where_it_is_declared(nas, tmp_path):
    path = nas(member(feature(1, inside="<name>Rathaus Süd</name>")))
    text = path.read_text("utf-8").replace("UTF-8", "ISO-8859-1")
    path.write_bytes(text.encode("latin-1"))
    assert read_nas(path).tables["buildings"]["name"].tolist() == ["Rathaus Süd"]


def test_files_are_told_apart_by_their_first_bytes(written, tmp_path):
    assert looks_like_nas(written[6])
    assert looks_like_nas(written[7])
    packed = tmp_path / "x.gz"
    packed.write_bytes(gzip.compress(written[6].read_bytes()))
    assert looks_like_nas(packed)
    for content in (b"", b"PK\x03\x04", b"\x1f\x8b\x08", b"<gml:FeatureCollection/>"):
        packed.write_bytes(content)
        assert not looks_like_nas(packed)
    assert not looks_like_nas(tmp_path)


def test_cancelling_leaves_nothing(written):
    def cancel(_step, _share):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_nas(written[6], progress=cancel)


def test_progress_grows_to_the_end(written):
    shares = []
    read_nas([written[6], written[7]], progress=lambda _step, share: shares.append(share))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
