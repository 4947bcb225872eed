import pandas as pd
import pytest

from tests.conftest import make_toy_city


def test_same_content_same_hash(toy_city):
    assert toy_city.hash == make_toy_city().hash


def test_one_changed_value_changes_the_hash_and_only_its_table(toy_city):
    streets = toy_city.streets.assign(speed_kmh=20.0)
    changed = toy_city.replace(streets=streets)
    assert changed.hash != toy_city.hash
    differing = {name for name in toy_city.hashes if changed.hashes[name] != toy_city.hashes[name]}
    assert differing == {"streets"}
    assert changed.buildings is toy_city.buildings


def test_missing_and_empty_text_hash_differently(toy_city):
    filled = toy_city.buildings.assign(name=toy_city.buildings["name"].fillna(""))
    assert toy_city.replace(buildings=filled).hash != toy_city.hash


def test_unknown_table_is_refused(toy_city):
    with pytest.raises(KeyError, match="rivers"):
        toy_city.replace(rivers=pd.DataFrame())
    with pytest.raises(AttributeError, match="rivers"):
        _ = toy_city.rivers


def test_order_of_columns_does_not_count(toy_city):
    turned = toy_city.trees[toy_city.trees.columns[::-1]]
    assert toy_city.replace(trees=turned).hash == toy_city.hash
