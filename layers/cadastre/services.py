"""The simplified ALKIS schema from web services: WFS and OGC API Features."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layers.cadastre.fields import kind_of_layer, with_columns
from layers.cadastre.files import Layer
from layers.features import open_service, read_layer
from twin.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from layers.source_data import Area
    from layers.web import Manners

CRS = "EPSG:25832"


def read_services(
    urls: Sequence[str],
    *,
    area: Area | None,
    say: Callable[[str, float], None],
    manners: Manners | None = None,
) -> list[Layer]:
    """
    Return the layers of the simplified schema that services offer.

    Raises `SourceError` where a service has none.
    """
    layers: list[Layer] = []
    for number, url in enumerate(sorted(set(urls))):
        service = open_service(url, manners=manners)
        kinds = {layer: kind_of_layer(layer.name) for layer in service.layers}
        wanted = {layer: kind for layer, kind in kinds.items() if kind not in {"", "nothing"}}
        if "landuse" in wanted.values():  # the same areas, cut by parcels
            wanted = {la: k for la, k in wanted.items() if k != "landuse_of_parcels"}
        if not wanted:
            template = "{url} offers no layer of the simplified ALKIS schema."
            hint = "Known are GebaeudeBauwerk, Flurstueck, Nutzung, VerwaltungsEinheit."
            raise SourceError(template, hint=hint, url=url)
        crs = area.crs if area is not None and area.crs.startswith("EPSG:258") else CRS
        for place, (layer, kind) in enumerate(wanted.items()):
            start = (number + place / len(wanted)) / len(urls)
            part = 1 / len(wanted) / len(urls)

            def told(step: str, share: float, start: float = start, part: float = part) -> None:
                say(step, start + share * part)

            frame = read_layer(service, layer, area=area, crs=crs, progress=told)
            layers.append(Layer(kind, layer.name, with_columns(kind, frame)))
    return layers
