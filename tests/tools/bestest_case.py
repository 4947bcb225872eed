"""What a BESTEST case is: geometry, constructions, windows, shading, gains, set-points; as data."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

if TYPE_CHECKING:
    from pathlib import Path


class CaseError(Exception):
    """A case file says something that cannot be run; the message is one clear sentence."""


class Part(BaseModel):
    """Refuses what it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Hour = Annotated[float, Field(ge=0, le=24)]


class Layer(Part):
    """A layer of a construction; give conductivity, or resistance of one without mass."""

    name: str = ""
    thickness_m: Positive | None = None
    conductivity_w_mk: Positive | None = None
    density_kg_m3: Annotated[float, Field(ge=0)] = 0.0
    specific_heat_j_kgk: Annotated[float, Field(ge=0)] = 0.0
    resistance_m2k_w: Positive | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Layer:
        full = self.thickness_m is not None and self.conductivity_w_mk is not None
        if full == (self.resistance_m2k_w is not None):
            raise ValueError("give thickness_m and conductivity_w_mk, or resistance_m2k_w")
        return self

    @property
    def resistance(self) -> float:
        if self.resistance_m2k_w is not None:
            return self.resistance_m2k_w
        return self.thickness_m / self.conductivity_w_mk  # type: ignore[operator]


class Surface(Part):
    """An opaque part, windows included in its area; azimuth from north over east."""

    area_m2: Positive
    tilt_deg: Annotated[float, Field(ge=0, le=180)]
    azimuth_deg: Annotated[float, Field(ge=0, le=360)] = 0.0
    construction: str
    boundary: Literal["outdoor", "shaded air", "ground", "adiabatic"] = "outdoor"
    ground_c: float = 10.0
    absorptance: Share = 0.6  # of the sun, outside
    emissivity_outside: Share = 0.9
    emissivity_inside: Share = 0.9
    convection_inside_w_m2k: Positive | None = None  # otherwise as ASHRAE 140-2020
    convection_outside_w_m2k: Positive | None = None


class Pane(Part):
    """A sheet of glass: optics at right angles, front is outside."""

    thickness_m: Positive = 0.003
    conductivity_w_mk: Positive = 1.0
    transmittance: Share
    reflectance_front: Share
    reflectance_back: Share | None = None
    emissivity_front: Share = 0.84
    emissivity_back: Share = 0.84


class Overhang(Part):
    """A horizontal board over the window."""

    depth_m: Positive
    gap_m: Annotated[float, Field(ge=0)] = 0.0  # between top of the window and board
    left_m: Annotated[float, Field(ge=0)] = 0.0  # how far it reaches beyond the window
    right_m: Annotated[float, Field(ge=0)] = 0.0


class Fins(Part):
    """A vertical board at each side of the window, or at one, seen from outside."""

    depth_m: Positive
    sides: Literal["both", "left", "right"] = "both"
    gap_m: Annotated[float, Field(ge=0)] = 0.0  # between edge of the window and board
    above_m: Annotated[float, Field(ge=0)] = 0.0
    below_m: Annotated[float, Field(ge=0)] = 0.0


class Window(Part):
    """`count` equal windows in a surface: panes, or U-value and g-value."""

    surface: str
    width_m: Positive
    height_m: Positive
    count: Annotated[int, Field(ge=1)] = 1
    panes: list[Pane] = []
    gap_m: Positive = 0.012  # between panes
    gas_conductivity_w_mk: Positive = 0.025
    gap_resistance_m2k_w: Positive | None = None  # otherwise from gap, gas and emissivities
    u_w_m2k: Positive | None = None
    g: Share | None = None  # at right angles
    transmittance: Share | None = None  # direct part of g; otherwise 0.9 of it
    frame_share: Annotated[float, Field(ge=0, lt=1)] = 0.0
    convection_inside_w_m2k: Positive | None = None
    convection_outside_w_m2k: Positive | None = None
    opaque: bool = False  # conducts as it does, lets no sun in
    absorptance: Share = 0.0  # of the sun, where opaque
    emissivity_outside: Share | None = None  # otherwise that of the panes
    emissivity_inside: Share | None = None
    overhang: Overhang | None = None
    fins: Fins | None = None

    @model_validator(mode="after")
    def _panes_or_values(self) -> Window:
        if bool(self.panes) == (self.u_w_m2k is not None and self.g is not None):
            raise ValueError("give panes, or both u_w_m2k and g")
        return self

    @property
    def area_m2(self) -> float:
        return self.width_m * self.height_m * self.count


class Span(Part):
    """Hours of the day from `start` to `end` (over midnight where start is later), with a value."""

    start: Hour
    end: Hour
    value: float
    until: float | None = None  # reached in a straight line at the end


class Drive(Part):
    """A set-point [°C] or an air change [1/h]: all day, and other values in spans; or off."""

    value: float | None = None
    spans: list[Span] = []


class Gains(Part):
    """Internal heat, all day."""

    watts: Annotated[float, Field(ge=0)] = 0.0
    convective: Share = 0.5


class Case(Part):
    """A room, what drives it, and where it stands."""

    title: str = ""
    source: str = ""
    volume_m3: Positive
    altitude_m: float = 0.0
    surfaces: Annotated[dict[str, Surface], Field(min_length=1)]
    windows: dict[str, Window] = {}
    constructions: dict[str, list[Layer]]
    infiltration: Drive = Drive(value=0.0)  # 1/h, at the density of the altitude
    ventilation: Drive = Drive(value=0.0)  # the same, added
    gains: Gains = Gains()
    heating: Drive = Drive()
    cooling: Drive = Drive()
    inside_absorptance: Share = 0.6
    albedo: Share = 0.2

    @model_validator(mode="after")
    def _names(self) -> Case:
        faults = [
            f"surface {name} wants construction {part.construction}, which is not there"
            for name, part in self.surfaces.items()
            if part.construction not in self.constructions
        ]
        faults += [
            f"construction {name} has no layers"
            for name, layers in self.constructions.items()
            if not layers
        ]
        for name, surface in self.surfaces.items():
            area = sum(w.area_m2 for w in self.windows.values() if w.surface == name)
            if area > surface.area_m2 + 1e-6:
                faults.append(f"the windows of {name} are larger than it")
        faults += [
            f"window {name} stands in {window.surface}, which is no surface facing outdoors"
            for name, window in self.windows.items()
            if window.surface not in self.surfaces
            or self.surfaces[window.surface].boundary != "outdoor"
        ]
        faults += [
            f"window {name} has boards in a surface that is not vertical"
            for name, window in self.windows.items()
            if (window.overhang or window.fins)
            and window.surface in self.surfaces
            and self.surfaces[window.surface].tilt_deg != 90
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @model_validator(mode="after")
    def _can_be_run(self) -> Case:
        layers = [x for s in self.surfaces.values() for x in self.constructions[s.construction]]
        if all(part.boundary == "adiabatic" for part in self.surfaces.values()):
            raise ValueError("no surface has another boundary than adiabatic")
        if not any(x.density_kg_m3 * x.specific_heat_j_kgk > 0 for x in layers):
            raise ValueError("no surface has a layer with density and specific heat")
        return self


def read_cases(path: Path) -> dict[str, Case]:
    """
    Read the cases of a TOML file.

    A case with `base = "600"` takes everything from that case and changes what it names;
    `remove = true` in a part takes the part out. Top-level `constructions` serve all cases.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CaseError(f"{path}: there is no such file.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CaseError(f"{path}: this is no TOML: {error}.") from None
    unknown = set(raw) - {"cases", "constructions", "base_file"}
    if unknown or not isinstance(raw.get("cases"), dict) or not raw["cases"]:
        extra = f", not {', '.join(sorted(unknown))}" if unknown else ""
        raise CaseError(f"{path}: give tables [cases.NAME] and [constructions]{extra}.")
    known = dict(raw["cases"])
    shared = raw.get("constructions", {})
    if "base_file" in raw:
        other = tomllib.loads((path.parent / raw["base_file"]).read_text(encoding="utf-8"))
        known = {**other["cases"], **known}
        shared = {**other.get("constructions", {}), **shared}
    return {name: _case(path, name, known, shared) for name in raw["cases"]}


def _case(path: Path, name: str, known: dict[str, Any], shared: dict[str, Any]) -> Case:
    whole = _merged({"constructions": shared}, _extended(path, name, known, ()))
    try:
        return Case.model_validate(whole)
    except ValidationError as error:
        faults = [
            ".".join(str(part) for part in fault["loc"]) + ": "
            + fault["msg"].removeprefix("Value error, ")
            for fault in error.errors()
        ]  # fmt: skip
        said = "; ".join(fault.removeprefix(": ") for fault in faults)
        raise CaseError(f"{path}: case {name}: {said}.") from None


def _extended(
    path: Path, name: str, known: dict[str, Any], seen: tuple[str, ...]
) -> dict[str, Any]:
    if name in seen:
        raise CaseError(f"{path}: case {name} is in the end its own base.")
    if not isinstance(known.get(name), dict):
        asker = f"case {seen[-1]} wants base {name}, which" if seen else f"case {name}"
        raise CaseError(f"{path}: {asker} is not there.")
    own = dict(known[name])
    base = own.pop("base", None)
    if base is None:
        return own
    return _merged(_extended(path, str(base), known, (*seen, name)), own)


def _merged(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Lay one table over another, depth first; a part with `remove = true` goes."""
    result = dict(base)
    for key, value in own.items():
        if isinstance(value, dict) and value.get("remove") is True:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = _merged(result[key], value)
        else:
            result[key] = value
    return result
