"""Documented responses of Fintraffic's service, and ways to damage them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

LOCATION: dict[str, Any] = {
    "type": "Feature",
    "geometry": {"type": "Point", "coordinates": [24.9384, 60.1699]},
    "properties": {
        "id": "FINYT00001",
        "name": "Kamppi",
        "operator": {"details": {"name": "Nyt Oy"}},
        "address": {
            "street": "Urho Kekkosen katu 1",
            "city": "Helsinki",
            "postalCode": "00100",
            "countryCode": "FI",
        },
        "evses": [
            {
                "id": "FI*NYT*E1",
                "connectors": [
                    {
                        "standard": "IEC_62196_T2_COMBO",
                        "format": "CABLE",
                        "powerType": "DC",
                        "maxVoltage": 920,
                        "maxAmperage": 500,
                        "maxElectricPower": 150000,
                        "tariffIds": ["contract", "adhoc"],
                    },
                    {
                        "standard": "CHADEMO",
                        "powerType": "DC",
                        "maxElectricPower": 50000,
                        "tariffIds": ["adhoc"],
                    },
                ],
            },
            {
                "id": "FI*NYT*E2",
                "connectors": [
                    {
                        "standard": "IEC_62196_T2",
                        "powerType": "AC_3_PHASE",
                        "maxVoltage": 230,
                        "maxAmperage": 32,
                        "tariffIds": ["night"],
                    }
                ],
            },
        ],
    },
}
LOCATIONS: dict[str, Any] = {
    "type": "FeatureCollection",
    "features": [LOCATION],
    "modifiedAt": "2025-12-02T09:38:00Z",
}
TARIFFS: dict[str, Any] = {
    "tariffs": [
        {
            "id": "adhoc",
            "currency": "EUR",
            "type": "AD_HOC_PAYMENT",
            "taxIncluded": "NO",
            "elements": [
                {
                    "priceComponents": [
                        {"type": "ENERGY", "price": 0.4, "stepSize": 1, "vat": 25.5},
                        {"type": "TIME", "price": 6, "stepSize": 60, "vat": 25.5},
                        {"type": "FLAT", "price": 1, "stepSize": 1, "vat": 25.5},
                    ]
                }
            ],
            "lastUpdated": "2025-12-01T00:00:00Z",
        },
        {
            "id": "contract",
            "currency": "EUR",
            "type": "REGULAR",
            "taxIncluded": "YES",
            "elements": [{"priceComponents": [{"type": "ENERGY", "price": 0.1}]}],
        },
        {
            "id": "night",
            "currency": "EUR",
            "type": "",
            "taxIncluded": "YES",
            "elements": [
                {
                    "priceComponents": [{"type": "ENERGY", "price": 0.19}],
                    "restrictions": {"startTime": "22:00", "endTime": "07:00"},
                },
                {"priceComponents": [{"type": "ENERGY", "price": 0.29}]},
            ],
        },
    ]
}
STATUSES: dict[str, Any] = {
    "statuses": [
        {"evseId": "FI*NYT*E1", "status": "CHARGING", "time": "2025-12-02T09:38:06.000Z"},
        {"evseId": "FI*NYT*E2", "status": "AVAILABLE"},
    ]
}

junk = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(
        [
            0,
            -1,
            10**400,
            1e308,
            -0.5,
            "",
            "x",
            "\x1b[31m",
            "9999-99-99",
            [],
            {},
            [[]],
            [None],
            {"id": 1},
        ]
    ),
    st.text(max_size=8),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
)


@st.composite
def damaged(draw: st.DrawFn, value: Any, *, whole: bool = True) -> Any:
    """Return a copy of ``value`` with any parts missing, null or of another type."""
    if not whole and draw(st.integers(0, 7)) == 0:
        return draw(junk)
    if isinstance(value, dict):
        kept = {key: inner for key, inner in value.items() if draw(st.integers(0, 7))}
        return {key: draw(damaged(inner, whole=False)) for key, inner in kept.items()}
    if isinstance(value, list):
        return [draw(damaged(inner, whole=False)) for inner in value if draw(st.integers(0, 7))]
    return value
