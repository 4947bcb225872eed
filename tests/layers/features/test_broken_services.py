"""Services that refuse, break off, count wrongly or run in circles."""

import json

import pytest

from layers.features import open_service, read_layer
from layers.source_data import Area
from tests.layers.features.fake import QUICK, Answer, capabilities, collection, report, serve
from twin.errors import SourceError

HOUSES = list(range(25))


def wfs(**said):
    """Return a reply of a well-behaved WFS over 25 houses; `said` goes to the capabilities."""

    def reply(_path, params, _fake):
        if params["REQUEST"] == "GetCapabilities":
            return Answer(capabilities(**said))
        if params.get("RESULTTYPE") == "hits":
            return Answer(collection([], matched=len(HOUSES)))
        start, count = int(params.get("STARTINDEX", 0)), int(params.get("COUNT", 1000))
        return Answer(collection(HOUSES[start : start + count], matched=len(HOUSES)))

    return reply


def read(fake, **options):
    service = open_service(f"{fake.url}/wfs", manners=QUICK)
    return read_layer(service, service.layers[0], **options)


def test_pages_add_up():
    with serve(wfs()) as fake:
        frame = read(fake, page=10)
        assert fake.said("STARTINDEX") == ["0", "10", "20"]
    assert frame["gml_id"].tolist() == [f"B.{n}" for n in HOUSES]
    assert frame.geometry.iloc[3].bounds == (366060, 5626000, 366070, 5626010)


def test_pages_whose_total_nobody_knows():
    def reply(path, params, fake):
        answer = wfs()(path, params, fake)
        unknown = answer.body.replace('numberMatched="25"', 'numberMatched="unknown"')
        return Answer(unknown)

    with serve(reply) as fake:
        assert len(read(fake, page=10)) == 25
        assert len(read(fake, page=25)) == 25


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_service_is_asked_again(status):
    def reply(path, params, fake):
        if len(fake.asked) % 2:
            return Answer("busy", status, {"Retry-After": "1"})
        return wfs()(path, params, fake)

    with serve(reply) as fake:
        assert len(read(fake, page=10)) == 25
        assert len(fake.asked) == 10  # capabilities, number and three pages, each twice


def test_a_service_that_stays_busy_gives_up():
    with serve(lambda *_: Answer("busy", 503)) as fake:
        with pytest.raises(SourceError, match="busy or out of order"):
            read(fake)
        assert len(fake.asked) == 3  # as often as manners allow, and no other kind is tried


@pytest.mark.parametrize("status", [200, 400, 404])
def test_an_exception_report_is_told(status):
    def reply(path, params, fake):
        if params["REQUEST"] == "GetFeature":
            return Answer(report("Value for BBOX is invalid."), status)
        return wfs()(path, params, fake)

    with (
        serve(reply) as fake,
        pytest.raises(SourceError, match="refuses: Value for BBOX is invalid"),
    ):
        read(fake)


def test_a_namespace_is_named_once_a_prefix_is_not_known():
    def reply(path, params, fake):
        if params["REQUEST"] == "GetFeature" and "NAMESPACES" not in params:
            return Answer(report("Prefix ave is not bound."), 400)
        return wfs()(path, params, fake)

    with serve(reply) as fake:
        assert len(read(fake, page=10)) == 25
        assert fake.said("NAMESPACES") == ["xmlns(ave,urn:ave)"] * 4  # the number, three pages


@pytest.mark.parametrize("cut", ["xml", "body"])
def test_half_an_answer_is_asked_for_again(cut):
    def reply(path, params, fake):
        answer = wfs()(path, params, fake)
        if len(fake.asked) == 4:
            if cut == "xml":
                return Answer(answer.body[:900])
            answer.cut = 900
        return answer

    with serve(reply) as fake:
        assert len(read(fake, page=10)) == 25
        assert fake.said("STARTINDEX") == ["0", "10", "10", "20"]


def test_only_halves_are_an_error():
    def reply(path, params, fake):
        answer = wfs()(path, params, fake)
        return answer if params["REQUEST"] != "GetFeature" else Answer(answer.body[:900])

    with serve(reply) as fake, pytest.raises(SourceError, match="broke off in the middle"):
        read(fake)


def test_fewer_than_announced_is_an_error():
    def reply(path, params, fake):
        if int(params.get("STARTINDEX", 0)) >= 20:
            return Answer(collection([], matched=25))
        return wfs()(path, params, fake)

    with serve(reply) as fake, pytest.raises(SourceError, match="20 of 25 features arrived"):
        read(fake, page=10)


@pytest.mark.parametrize("can_sort", [True, False])
def test_pages_that_overlap_are_asked_for_in_order(can_sort):
    """Without a stable order a page may repeat what came before, and leave out as much."""

    def reply(path, params, fake):
        if params.get("STARTINDEX") == "10" and not (can_sort and params.get("SORTBY") == "oid"):
            return Answer(collection(HOUSES[5:15], matched=25))
        return wfs()(path, params, fake)

    with serve(reply) as fake:
        if can_sort:
            assert len(read(fake, page=10)) == 25
        else:
            with pytest.raises(SourceError, match="20 of 25 features arrived"):
                read(fake, page=10)


def test_without_paging_a_maximum_is_met_by_quarters():
    """The service gives four houses at once; the row of 25 is cut until each part fits."""

    def reply(path, params, fake):
        if params["REQUEST"] == "GetCapabilities":
            return Answer(capabilities(paging=False, limit=4))
        inside = HOUSES
        if "BBOX" in params:
            west, south, east, north = map(float, params["BBOX"].split(",")[:4])
            inside = [
                n for n in HOUSES
                if west <= 366_010 + 20 * n and 366_000 + 20 * n <= east
                and south <= 5_626_010 and north >= 5_626_000
            ]  # fmt: skip
        hits = params.get("RESULTTYPE") == "hits"
        return Answer(collection([] if hits else inside[:4], matched=len(inside)))

    with serve(reply) as fake:
        frame = read(fake)
    assert sorted(frame["gml_id"]) == sorted(f"B.{n}" for n in HOUSES)


def test_latitude_first_is_turned():
    ring = "50.7 7.0 50.7 7.001 50.701 7.001 50.7 7.0"
    for srs, expected in (
        ("urn:ogc:def:crs:EPSG::4326", 7.0),
        ("http://www.opengis.net/def/crs/EPSG/0/4326", 7.0),
        ("EPSG:4326", 50.7),
    ):

        def reply(_path, params, _fake, srs=srs):
            if params["REQUEST"] == "GetCapabilities":
                return Answer(capabilities(srs=srs))
            return Answer(collection([1], matched=1, srs=srs, ring=ring))

        with serve(reply) as fake:
            frame = read(fake, crs="EPSG:4326")
        assert frame.geometry.iloc[0].bounds[0] == expected


@pytest.mark.parametrize("status", [400, 403])
def test_a_service_that_will_not_count(status):
    def reply(path, params, fake):
        if params.get("RESULTTYPE") == "hits":
            return Answer(report("RESULTTYPE is not supported."), status)
        return wfs()(path, params, fake)

    with serve(reply) as fake:
        assert len(read(fake, page=10)) == 25


def test_a_page_that_calls_itself_everything():
    """As MapServer does where the box comes in another CRS: the number of all is on no page."""

    def reply(path, params, fake):
        if "STARTINDEX" not in params:
            return wfs()(path, params, fake)
        start = int(params["STARTINDEX"])
        return Answer(collection(HOUSES[start : start + 10], matched=min(start + 10, 25)))

    with serve(reply) as fake:
        assert len(read(fake, page=10)) == 25


def test_a_box_follows_the_axes_of_its_crs():
    from shapely import box  # noqa: PLC0415

    area = Area(box(7.0, 50.7, 7.1, 50.8), "EPSG:4326")
    for srs, start in (
        ("urn:ogc:def:crs:EPSG::4326", "50.7,7,50.8,7.1"),
        ("EPSG:4326", "7,50.7,7.1,50.8"),
    ):
        with serve(wfs(srs=srs)) as fake:
            read(fake, area=area)
            assert fake.said("BBOX")[0] == f"{start},{srs}"


def test_a_page_for_people_is_no_service():
    page = Answer("<html><body>Willkommen</body></html>")
    neither = pytest.raises(SourceError, match="neither a WFS nor an OGC API")
    with serve(lambda *_: page) as fake, neither:
        read(fake)


def test_bombs_are_refused():
    bomb = '<!DOCTYPE x [<!ENTITY a "aaa">]><x>&a;</x>'

    def reply(path, params, fake):
        return wfs()(path, params, fake) if params["REQUEST"] != "GetFeature" else Answer(bomb)

    with serve(reply) as fake, pytest.raises(SourceError, match="declares a document type"):
        read(fake)


def test_a_whole_land_is_not_paged_through():
    def reply(path, params, fake):
        answer = wfs()(path, params, fake)
        return Answer(answer.body.replace('numberMatched="25"', 'numberMatched="9000000"'))

    with serve(reply) as fake, pytest.raises(SourceError, match="9000000 features"):
        read(fake)


def test_cancelled_between_pages():
    def stop(_step, share):
        if share > 0.5:
            raise KeyboardInterrupt

    with serve(wfs()) as fake:
        with pytest.raises(KeyboardInterrupt):
            read(fake, page=10, progress=stop)
        assert fake.said("STARTINDEX") == ["0", "10"]


def feature(number, x, y):
    ring = [[x, y], [x + 0.001, y], [x + 0.001, y + 0.001], [x, y]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "id": number, "geometry": shape, "properties": {"OID": f"o{number}"}}


def oaf(*, crs=(), matched=3, following=None, swap=False):
    """Return a reply of an OGC API Features service over three features, two a page."""

    def reply(path, params, fake):
        if path.endswith("/collections"):
            listed = [{"id": "gebaeude", "crs": list(crs)}]
            return Answer(json.dumps({"collections": listed}))
        rows = [feature(n, *((50.7, 7.0 + n) if swap else (7.0 + n, 50.7))) for n in range(3)]
        second = params.get("OFFSET") == "2"
        link = following or f"{fake.url}/v1/collections/gebaeude/items?offset=2"
        links = [] if second and following is None else [{"rel": "next", "href": link}]
        answer = {"features": rows[2:] if second else rows[:2], "links": links}
        return Answer(json.dumps(answer | ({} if matched is None else {"numberMatched": matched})))

    return reply


def read_oaf(fake, **options):
    service = open_service(f"{fake.url}/v1", manners=QUICK)
    return read_layer(service, service.layers[0], **options)


def test_links_are_followed():
    for matched in (3, None):
        with serve(oaf(matched=matched)) as fake:
            frame = read_oaf(fake, crs="EPSG:4326")
        assert frame["oid"].tolist() == ["o0", "o1", "o2"]
        assert [round(x) for x in frame.bounds["minx"]] == [7, 8, 9]


def test_a_crs_is_asked_for_where_it_is_offered():
    name = "http://www.opengis.net/def/crs/EPSG/0/4258"
    with serve(oaf(crs=["http://www.opengis.net/def/crs/OGC/1.3/CRS84", name], swap=True)) as fake:
        frame = read_oaf(fake, crs="EPSG:4258")
        assert fake.said("CRS") == [name]
    assert [round(x) for x in frame.bounds["minx"]] == [7, 8, 9]  # written latitude first


def test_links_in_a_circle_end():
    circle = pytest.raises(SourceError, match="run in a circle")
    with serve(oaf(following="items?offset=1")) as fake, circle:
        read_oaf(fake)


def test_oaf_fewer_than_announced():
    with serve(oaf(matched=5)) as fake, pytest.raises(SourceError, match="3 of 5 features arrived"):
        read_oaf(fake)


def test_oaf_half_an_answer_and_busy():
    def reply(path, params, fake):
        answer = oaf()(path, params, fake)
        if len(fake.asked) == 2:
            return Answer(answer.body[:40])
        if len(fake.asked) == 3:
            return Answer("busy", 503)
        return answer

    with serve(reply) as fake:
        assert len(read_oaf(fake)) == 3
        assert len(fake.asked) == 5


def test_oaf_refusal_is_told():
    def reply(path, params, fake):
        if path.endswith("/collections"):
            return oaf()(path, params, fake)
        return Answer(json.dumps({"code": "x", "description": "The bbox is invalid."}))

    with serve(reply) as fake, pytest.raises(SourceError, match="refuses: The bbox is invalid"):
        read_oaf(fake)
