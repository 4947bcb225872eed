"""TNTP files as they come: spellings, comments, missing marks, and what is wrong with bad ones."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from tests.tools.sioux_falls import BEST_FLOWS, OPTIMUM, sioux_falls, write
from tests.tools.tntp import main
from tests.tools.tntp_read import TntpError, read_net, read_trips

# three zones that are no thoroughfare around a junction; zone 3 sits between 1 and 2 as well
NET = """<NUMBER OF ZONES> 3
<Number of nodes>\t4
<FIRST THRU NODE>4
< NUMBER OF LINKS >   8
<TOLL FACTOR> .5
<ORIGINAL HEADER>~ Init node
<END OF METADATA>


~ \tTail\tHead\tLength (ft)\tFree Flow Time (min)\tCapacity (veh/h)\tPower\tB\tToll\tType\t;
\t1 4  10 2 100 4 .15 0 1;
4\t1  10 2 1e2 4 1.5E-1 0 1 ;
~ a comment among the links
2 4 10 2 100 4 0.15 0 1   ~ and one behind
4 2 10 2 100 4 0.15 6 1 ;
3 4 10 0 0 0 0 0 1 ;
4 3 10 0 0 0 0 0 1 ;
1 3 10 .5 100 4 0.15 0 1
3 2 10 .5 100 4 0.15 0 1 ;
"""
TRIPS = """<NUMBER OF ZONES> 3
<TOTAL OD FLOW> 75.5
<END OF METADATA>

Origin  1
    1 :    5.0;     2 :   4.05e1;
 3:10.0
Origin 2

origin 3   1 : 2d1; 2 : 0.0 ;
"""


@pytest.fixture
def files(tmp_path):
    net, trips = tmp_path / "net.tntp", tmp_path / "trips.tntp"
    net.write_text(NET)
    trips.write_text(TRIPS)
    return net, trips


def test_columns_follow_the_header_whatever_the_spelling(files):
    net = read_net(files[0])
    assert (net.zones, net.nodes, net.through) == (3, 4, 3)
    assert net.tails.tolist() == [0, 3, 1, 3, 2, 3, 0, 2]
    assert net.capacity.tolist() == [100, 100, 100, 100, 0, 0, 100, 100]
    assert net.free_time.tolist() == [2, 2, 2, 2, 0, 0, 0.5, 0.5]
    assert net.alpha.tolist() == [0.15] * 4 + [0, 0] + [0.15] * 2
    assert net.beta[0] == 4
    assert net.fixed.tolist() == [0, 0, 0, 3, 0, 0, 0, 0]
    assert read_net(files[0], 2.0, 0.1).fixed.tolist() == [1, 1, 1, 13, 1, 1, 1, 1]


def test_the_usual_order_counts_where_no_header_does(files):
    files[0].write_text(
        "<NUMBER OF ZONES> 2\n<NUMBER OF NODES> 2\n<END OF METADATA>\n1 2 900 3 4 .15 4 50 0 1;\n"
    )
    net = read_net(files[0])
    found = [net.capacity[0], net.length[0], net.free_time[0], net.alpha[0], net.beta[0]]
    assert found == [900, 3, 4, 0.15, 4]


def test_trips_in_any_spacing(files):
    assert read_trips(files[1], 3).tolist() == [[5, 40.5, 10], [0, 0, 0], [20, 0, 0]]


def told(capsys, *arguments):
    assert main([str(argument) for argument in arguments]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    return json.loads(lines[0])


def test_zones_are_no_thoroughfare_and_links_of_no_capacity_take_no_time(files, capsys):
    found = told(capsys, *files)
    # 1 to 2 over the junction, not over zone 3; 1 to 3 the short way; 3 to 1 over the junction
    total = 40.5 * (2 * (1 + 0.15 * 0.405**4) + 2 * (1 + 0.15 * 0.405**4) + 3)
    total += 10 * 0.5 * (1 + 0.15 * 0.1**4) + 20 * 2 * (1 + 0.15 * 0.2**4)
    assert found["total_cost"] == pytest.approx(total, rel=1e-12)
    assert abs(found["gap"]) < 1e-12
    assert found["conservation_error"] < 1e-9
    assert found["unserved"] == {"no_path": 0, "no_connector": 0, "intrazonal": 5}


@pytest.fixture(scope="module")
def sioux(tmp_path_factory):
    return write(tmp_path_factory.mktemp("sioux"), *sioux_falls())


def test_sioux_falls_is_the_published_optimum(sioux, capsys):
    found = told(capsys, *sioux, "--gap", "1e-11")
    assert found["objective"] == pytest.approx(OPTIMUM, rel=1e-13)
    assert abs(found["gap"]) < 1.1e-11
    assert found["conservation_error"] < 1e-8
    assert found["trips"] == 360_600


def test_what_is_written_is_what_is_read(sioux):
    net, trips = sioux_falls()
    again = read_net(sioux[0])
    for name in ("tails", "heads", "capacity", "free_time", "alpha", "beta"):
        assert np.array_equal(getattr(net, name), getattr(again, name))
    assert np.array_equal(read_trips(sioux[1], 24), trips)
    ends = list(zip((net.tails + 1).tolist(), (net.heads + 1).tolist(), strict=True))
    assert set(BEST_FLOWS) <= set(ends)


BAD = {
    "joins nodes 1 and 9": ("1 3 10 .5", "1 9 10 .5"),
    "not all are numbers": ("3 2 10 .5", "3 2 ten .5"),
    "8 columns": ("3 2 10 .5 100 4", "3 2 10 .5 4"),
    "8 links, the head of the file says 9": ("LINKS >   8", "LINKS >   9"),
    "NUMBER OF NODES": ("<Number of nodes>\t4", ""),
    "no capacity above 0": ("1 3 10 .5 100 4", "1 3 10 .5 0 4"),
    "cost or toll": ("4 2 10 2 100 4 0.15 6", "4 2 10 2 100 4 0.15 -6"),
    "free-flow time": ("1 3 10 .5", "1 3 10 -.5"),
}


@pytest.mark.parametrize("said", BAD)
def test_a_bad_network_is_one_clear_line(files, capsys, said):
    files[0].write_text(NET.replace(*BAD[said]))
    assert main([str(path) for path in files]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert said in shown.err
    assert shown.err.count("\n") == 1


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("<NUMBER OF ZONES> 3", "<NUMBER OF ZONES> 4", "trips of 4 zones"),
        ("3:10.0", "7:10.0", "none of 3 zones"),
        ("3:10.0", "3:-10.0", "negative"),
        ("3:10.0", "3:nan", "cannot read"),
        ("origin 3", "origin three", "cannot read"),
    ],
)
def test_bad_trips_are_one_clear_line(files, capsys, old, new, said):
    files[1].write_text(TRIPS.replace(old, new))
    assert main([str(path) for path in files]) == 1
    assert said in capsys.readouterr().err


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(TntpError, match="cannot be read"):
        read_net(tmp_path / "none.tntp")


def test_aequilibrae_finds_the_same(sioux):
    command = [sys.executable, "-W", "ignore", "tests/tools/tntp_peer.py", *map(str, sioux)]
    done = subprocess.run(
        [*command, "--gap", "5e-3"], capture_output=True, text=True, check=True, timeout=300
    )
    flow = np.array(json.loads(done.stdout.splitlines()[-1])["flow"])
    net, _ = sioux_falls()
    area = flow * net.alpha * (flow / net.capacity) ** net.beta / (net.beta + 1)
    objective = float((net.free_time * (flow + area)).sum())
    # its gap bounds how far above the optimum it may stop, nothing lies below
    assert OPTIMUM * (1 - 1e-9) <= objective <= OPTIMUM * (1 + 5e-3)
