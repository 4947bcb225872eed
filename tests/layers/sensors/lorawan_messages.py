"""Messages as LoRaWAN networks send them, written here after the published formats."""

from __future__ import annotations

from typing import Any

AT = "2026-03-28T08:26:01.821949208Z"
GATEWAY = {"latitude": 50.69, "longitude": 8.47, "altitude": 265}


def ttn(
    device: str = "klima-1", decoded: dict[str, Any] | None = None, *, at: str = AT, **body: Any
) -> dict[str, Any]:
    """Give an uplink of The Things Stack 3; `body` goes into `uplink_message`."""
    uplink = {
        "session_key_id": "AZ0gPNNV66dqus",
        "f_port": 2,
        "f_cnt": 7,
        "frm_payload": "A2cAhQRogAD/ATg=",
        "rx_metadata": [{"gateway_ids": {"gateway_id": "g1"}, "time": at, "location": GATEWAY}],
        "settings": {"frequency": "868300000"},
        "received_at": at,
        **({} if decoded is None else {"decoded_payload": decoded}),
        **body,
    }
    return {
        "end_device_ids": {
            "device_id": device,
            "application_ids": {"application_id": "stadt"},
            "dev_eui": "A8404146C184579B",
        },
        "correlation_ids": ["gs:uplink:01"],
        "received_at": at,
        "uplink_message": uplink,
    }


def chirpstack(
    eui: str = "a84041f621857cd2",
    decoded: dict[str, Any] | None = None,
    *,
    at: str = "2026-03-28T08:26:01.821949+00:00",
    info: dict[str, Any] | None = None,
    **body: Any,
) -> dict[str, Any]:
    """Give an `up` event of ChirpStack 4."""
    return {
        "deduplicationId": "46fecb8d-d7f1-481e-8b1b-bcaad7e5d1e0",
        "time": at,
        "deviceInfo": {
            "applicationName": "Stadtklima",
            "deviceProfileName": "Dragino LHT65",
            "deviceName": "Kinderzimmer Rika",
            "devEui": eui,
            "tags": {},
            **(info or {}),
        },
        "devAddr": "01cdf20a",
        "fCnt": 170,
        "fPort": 2,
        "data": "DPYBAaL//AA9",
        **({} if decoded is None else {"object": decoded}),
        "rxInfo": [{"gatewayId": "5030", "location": GATEWAY}],
        **body,
    }


def up(eui: str = "a84041f621857cd2", kind: str = "up") -> str:
    """Give the topic of an event of ChirpStack 4."""
    return f"application/59bcc5a7/device/{eui}/event/{kind}"
