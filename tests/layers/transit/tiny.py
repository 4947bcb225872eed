"""A timetable so small that every number can be worked out by hand, and ways to spoil it."""

import zipfile

TABLES = {
    "agency.txt": "agency_id,agency_name,agency_url,agency_timezone\nA,Stadtwerke,http://a.de,Europe/Berlin\n",
    # four stops on one parallel, 1,000 m of UTM easting apart or nearly so
    "stops.txt": (
        "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station,wheelchair_boarding\n"
        "S,Bahnhof,50.8,7.15,1,,1\n"
        "a,Bahnhof,50.8,7.15,0,S,\n"
        "b,Markt,50.8,7.16,,,2\n"
        "c,Kirche,50.8,7.17,,,\n"
        "d,Wald,50.8,7.18,,,\n"
    ),
    "routes.txt": (
        "route_id,agency_id,route_short_name,route_long_name,route_type,route_color\n"
        'L1,A,501,"Bahnhof - Wald, über Markt",3,FFCC00\n'
        "L2,A,S 12,,109,\n"
    ),
    "trips.txt": (
        "route_id,service_id,trip_id,trip_headsign,direction_id,shape_id,wheelchair_accessible\n"
        "L1,week,t1,Wald,0,,1\nL1,week,t2,Bahnhof,1,,2\nL2,all,t3,,0,,\n"
    ),
    "stop_times.txt": (
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
        "t1,07:00:00,07:00:00,a,1\nt1,07:05:00,07:06:00,b,2\n"
        "t1,07:10:00,07:10:00,c,3\nt1,07:15:00,07:15:00,d,4\n"
        "t2,8:00:00,8:00:00,d,1\nt2,8:10:00,8:10:00,b,2\nt2,8:15:00,8:15:00,a,3\n"
        "t3,23:50:00,23:50:00,a,1\nt3,24:10:00,24:10:00,c,2\n"
    ),
    "calendar.txt": (
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "week,1,1,1,1,1,0,0,20260302,20260329\nall,1,1,1,1,1,1,1,20260302,20260329\n"
    ),
}


def write_feed(path, *, folder="", encoding="utf-8", without=(), **changes):
    """Write the feed to a zip; changes name tables without ending, `stops="…"`, None: absent."""
    tables = TABLES | {f"{name}.txt": text for name, text in changes.items()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in tables.items():
            if text is not None:
                archive.writestr(folder + name, text.encode(encoding))
    return path


def replaced(table, *pairs):
    """Return the text of a table with parts exchanged, each of which must occur."""
    text = TABLES[f"{table}.txt"]
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


def codes(data):
    return {finding.code.removeprefix("gtfs_"): finding.count for finding in data.findings}
