"""
A SensorThings server that nobody here wrote: `hydroserver-sensorthings` on Django, over lists.

Run as a program: `python sta_server_hydro.py PORT`. What it serves is given by `PUT /given` (JSON
of the entities in the words of the package) and more observations by `POST /given`.
"""

from __future__ import annotations

import json
import re
import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["*"], ROOT_URLCONF="__main__", SECRET_KEY="of a test", USE_TZ=True,
    MIDDLEWARE=["sensorthings.middleware.SensorThingsMiddleware"], ST_API_PREFIX="sta",
    ST_API_ID_QUALIFIER="'", ST_API_ID_TYPE=str, INSTALLED_APPS=["ninja"], LOGGING_CONFIG=None,
)  # fmt: skip
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402
from ninja.operation import PathView  # noqa: E402
from odata_query import ast  # noqa: E402
from sensorthings import SensorThingsAPI  # noqa: E402
from sensorthings.engine import SensorThingsBaseEngine  # noqa: E402
from sensorthings.extensions.dataarray import (  # noqa: E402
    DataArrayBaseEngine,
    data_array_extension,
)

# The package was written for an older ninja, whose views are methods of a view that knows its api.
PathView.get_view = lambda self: self._sync_view
PathView.api = property(lambda self: self.operations[0].api)

TABLES = ("things", "locations", "historical_locations", "datastreams", "sensors",
          "observed_properties", "features_of_interest", "observations")  # fmt: skip
GIVEN: dict[str, list[dict]] = {name: [] for name in TABLES}
ONE = {"things": "thing", "locations": "location", "datastreams": "datastream",
       "sensors": "sensor", "observed_properties": "observed_property",
       "observations": "observation", "historical_locations": "historical_location",
       "features_of_interest": "feature_of_interest"}  # fmt: skip


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def value_of(node, entity):
    if isinstance(node, ast.Identifier):
        return entity.get(snake(node.name))
    if isinstance(node, ast.Attribute):  # Datastream/id
        return entity.get(f"{snake(node.owner.name)}_{snake(node.attr)}")
    return str(node.val).replace("Z", "+00:00")


COMPARISONS = {
    "Eq": lambda a, b: a == b, "NotEq": lambda a, b: a != b, "GtE": lambda a, b: a >= b,
    "Gt": lambda a, b: a > b, "LtE": lambda a, b: a <= b, "Lt": lambda a, b: a < b,
}  # fmt: skip


def holds(node, entity) -> bool:
    if isinstance(node, ast.BoolOp):
        both = (holds(node.left, entity), holds(node.right, entity))
        return all(both) if isinstance(node.op, ast.And) else any(both)
    left, right = value_of(node.left, entity), value_of(node.right, entity)
    if left is None:
        return False
    return COMPARISONS[type(node.comparator).__name__](str(left), str(right))


def chosen(table, filters=None, pagination=None, ordering=None, get_count=None, **ids):
    found = GIVEN[table]
    for name, wanted in ids.items():
        field = "id" if name == f"{ONE[table]}_ids" else name.removesuffix("s")
        if wanted is not None and name != "expanded":
            allowed = set(wanted)
            found = [e for e in found if allowed & set(e.get(f"{field}s") or [e.get(field)])]
    if filters is not None:
        found = [e for e in found if holds(filters, e)]
    for order in reversed(ordering or []):
        by = snake(order["field"])
        found = sorted(found, key=lambda e: e[by], reverse=order["direction"] == "desc")
    count = len(found)
    if pagination and not set(ids) - {"expanded"}:  # what is expanded comes as a whole
        found = found[pagination["skip"] : pagination["skip"] + pagination["top"]]
    return {entity["id"]: dict(entity) for entity in found}, count


def reader(table):
    def read(_self, **options):
        return chosen(table, **options)

    return read


def refuse(_self, *_given, **_options):
    raise NotImplementedError


readers = {f"get_{table}": reader(table) for table in TABLES}
changers = {
    name: refuse
    for base in (*SensorThingsBaseEngine.__mro__, DataArrayBaseEngine)
    for name in getattr(base, "__abstractmethods__", ())
}
Engine = type("Engine", (SensorThingsBaseEngine, DataArrayBaseEngine), {**changers, **readers})


@csrf_exempt
def given(request):
    sent = json.loads(request.body)
    for name in TABLES:
        if request.method == "PUT":
            GIVEN[name] = sent.get(name, [])
        else:
            GIVEN[name] = GIVEN[name] + sent.get(name, [])
    return JsonResponse({name: len(GIVEN[name]) for name in TABLES})


api = SensorThingsAPI(engine=Engine, extensions=[data_array_extension])
urlpatterns = [path("sta/v1.1/", api.urls), path("given", given)]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_given) -> None:
        pass


if __name__ == "__main__":
    server = make_server("127.0.0.1", int(sys.argv[1]), get_wsgi_application(), handler_class=Quiet)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    server.serve_forever()
