"""
What a source that listens to an MQTT broker is told in `sensors.toml`.

```toml
[[source]]                       # LoRaWAN devices at The Things Stack
kind = "mqtt"
name = "climate"
host = "eu1.cloud.thethings.network"
tls = true
user = "climate@ttn"
password = { env = "TTN_KEY" }   # or { file = "ttn-key" }
format = "ttn"                   # topics = ["v3/climate@ttn/devices/+/up"] goes without saying
salt = { file = "salt" }         # nobody can guess devices from keys

[[source.devices]]
device = "lht65-*"               # id, DevEUI, name, profile or model
fields = { TempC_DS = "soil_temperature", Work_mode = false }

[[source.devices]]
device = "lht65-rathaus"
name = "Rathaus"
lon = 7.1501
lat = 50.8122

[[source]]                       # plain JSON of a car park guidance system
kind = "mqtt"
name = "parking"
host = "mqtt.example.de"
topics = ["parking/+/state"]
mapping = { stream = "$topic[1]", time = { path = "t" }, values = [
    { path = "free", property = "free_spaces" } ] }
```
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from layers.sensors.common import Beside, Common, Place, Secret, Section
from layers.sensors.mapping import Mapping, Value
from twin.sentences import Sentence, WrongValueError, listed, say

Format = Literal["auto", "ttn", "chirpstack", "json"]
WEEK_S = 7 * 86_400


class Tls(Section):
    """
    An encrypted connection; `tls = true` trusts what the computer trusts.

    The certificate of the broker is always checked. For one that the town has signed itself, `ca`
    is the file with that certificate.
    """

    ca: Beside = ""
    certificate: Beside = ""  # of this client, where the broker asks for one
    key: Beside = ""
    key_password: Secret | None = None

    @model_validator(mode="after")
    def _is_pair(self) -> Tls:
        if bool(self.certificate) != bool(self.key):
            raise WrongValueError(say("certificate and key belong together; one is missing."))
        return self


class FieldOf(Value):
    """
    What one value of a decoder means; the same as a value of a mapping, the path is its name.

    `TempC1 = { property = "soil_temperature" }`, or short `TempC1 = "soil_temperature"`.
    A count or mean with `interval_s` stands at the begin of the interval that the uplink ends.
    """

    path: str = ""
    when: dict[str, Any] = Field(default_factory=dict, max_length=0)
    unit_path: Literal[""] = ""


class Device(Place):
    """
    What is said of devices: where they stand, how they are called, what their values mean.

    `device` is a device id, DevEUI, the name or profile of the device at its network, or a
    pattern of one of these (`*` for anything). Several entries may fit one device; what the first
    of them says holds.
    """

    device: str = Field(min_length=1, max_length=200)
    short: str = Field(default="", pattern=r"^[A-Za-z0-9_-]{0,40}$")  # stands in keys
    fields: dict[str, FieldOf | Literal[False]] = Field(default_factory=dict)
    public: bool = True  # False: only signed-in people see it, such as what stands in a home
    only_fields: bool = False  # else other values with well-known names are read as well

    @field_validator("fields", mode="before")
    @classmethod
    def _short_form(cls, given: Any) -> Any:
        """Take `TempC_SHT = "air_temperature"` for the property alone."""
        if not isinstance(given, dict):
            return given
        return {k: {"property": v} if isinstance(v, str) else v for k, v in given.items()}


class MqttConfig(Common):
    """
    A broker, what is subscribed to there, and how its messages are read.

    `version` "auto" speaks MQTT 5 and falls back to 3.1.1 where the broker does not know it.
    """

    kind: Literal["mqtt"] = "mqtt"
    host: str = Field(min_length=1, max_length=255)
    port: int = Field(default=0, ge=0, le=65_535)  # 0: 8883 with TLS, 1883 without
    version: Literal["auto", "5", "3.1.1"] = "auto"
    user: str = ""
    password: Secret | None = None
    tls: Tls | None = None
    topics: tuple[str, ...] = ()
    client_id: str = Field(default="", max_length=200)  # empty: made from name and database
    qos: Literal[0, 1] = 1
    session_expiry_s: int = Field(default=WEEK_S, ge=0, le=4_294_967_295)
    keepalive_s: int = Field(default=60, ge=5, le=65_535)
    most_unsaved: int = Field(default=2_000, ge=1, le=65_535)  # messages the broker sends ahead
    format: Format = "auto"
    mapping: Mapping | None = None  # of plain JSON
    devices: tuple[Device, ...] = ()  # of LoRaWAN
    listed_only: bool = False  # devices that are not listed are refused
    device_names: bool = False  # show the names of devices at their network; may tell of people
    salt: Secret | None = None  # makes the short names of devices in keys unguessable

    @field_validator("host")
    @classmethod
    def _is_host(cls, given: str) -> str:
        if "/" in given or any(letter.isspace() for letter in given):
            what = say("{host} is no name of a computer.", host=given)
            hint = say("Write it without mqtt:// and without a path; the port has its own line.")
            raise WrongValueError(what, hint)
        return given

    @field_validator("tls", mode="before")
    @classmethod
    def _tls_on(cls, given: Any) -> Any:
        return {} if given is True else None if given is False else given

    @field_validator("topics", mode="before")
    @classmethod
    def _topic_alone(cls, given: Any) -> Any:
        return (given,) if isinstance(given, str) else given

    @field_validator("topics")
    @classmethod
    def _are_topics(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        faults = [fault for topic in given if (fault := topic_fault(topic)) is not None]
        if faults:
            raise WrongValueError(
                say("Topics that cannot be subscribed to: {faults}", faults=listed(faults))
            )
        return tuple(dict.fromkeys(given))

    @model_validator(mode="after")
    def _is_whole(self) -> MqttConfig:
        if self.format == "json" and self.mapping is None:
            what = say("Messages in plain JSON need a mapping that says what is where in them.")
            raise WrongValueError(what)
        if not self.subscribed:
            what = say("There is no topic to subscribe to.")
            hint = say('topics = ["city/+/state"]; # stands for all levels below.')
            raise WrongValueError(what, hint)
        if self.password is not None and not self.user:
            raise WrongValueError(say("There is a password but no user."))
        return self

    @property
    def door(self) -> int:
        """Return the port."""
        return self.port or (8883 if self.tls is not None else 1883)

    @property
    def subscribed(self) -> tuple[str, ...]:
        """Return the topics; those the networks have where none are given."""
        if self.topics:
            return self.topics
        usual = {
            "ttn": (f"v3/{self.user or '+'}/devices/+/up",),
            "chirpstack": ("application/+/device/+/event/+",),
        }
        return usual.get(self.format, ())


def topic_fault(topic: str) -> Sentence | None:
    """
    Return what is wrong with a topic to subscribe to, None where it is right.

    >>> topic_fault("$share/twin/v3/+/devices/#") is None
    True
    >>> str(topic_fault("a/#/b"))
    'a/#/b: # stands alone at the end.'
    """
    if not topic or "\0" in topic or len(topic.encode("utf-8", "replace")) > 65_535:
        return say("{topic}: empty, too long, or with a letter that is none.", topic=repr(topic))
    levels = topic.split("/")
    if levels[0] == "$share":
        if len(levels) < 3 or not levels[1] or set("+#") & set(levels[1]) or levels[2:] == [""]:
            return say("{topic}: $share/group/topic was expected.", topic=topic)
        levels = levels[2:]
    if any("#" in level for level in levels[:-1]) or ("#" in levels[-1] and levels[-1] != "#"):
        return say("{topic}: # stands alone at the end.", topic=topic)
    if any("+" in level and level != "+" for level in levels):
        return say("{topic}: + stands alone between two slashes.", topic=topic)
    return None
