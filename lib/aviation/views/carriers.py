"""Airlines that a rule names, by code: whose licence they have, and which alliance they are in.

ICAO and IATA codes. Both lists are of airlines that carry passengers on their own flight numbers, and not complete: an
airline that is missing counts as one of elsewhere, and as one of no alliance.
"""

from aviation.views.declaration import rows

LICENSED = {
    "EU": (
        "ADR/JP AEA/UX AEE/A3 AEZ/XZ AFR/AF AMC/KM ANE/YW AUA/OS AZA/AZ BEL/SN BER/AB BLA/0B BLX/6B BTI/BT CCM/XK "
        "CFG/DE CLH/CL CRL/SS CSA/OK CTN/OU CYP/CY DLA/EN DLH/LH DTR/DX EAI/EA EDW/WK EIN/EI EJU/EC ENT/E4 EVE/E9 "
        "EWG/EW EZS/DS FBU/BF FIN/AY FPY/OG FWI/TX GMI/ST GWI/4U HFY/5K HOP/A5 IBB/NT IBE/IB IBK/D8 IBS/I2 ICE/FI "
        "ISS/IG ITY/AZ JAF/TB KLC/WA KLM/KL KMM/KM LDM/OE LGL/LG LOT/LO LVL/LL LZB/FB MAH/MA MAY/AL NAX/DY NBT/N0 "
        "NLY/HG NOS/NO NOZ/DY NSZ/D8 OAL/OA OAW/2L OCN/4Y PGA/NI PUE/PU REU/UU ROT/RO RYR/FR RYS/RR RZO/S4 SAS/SK "
        "SAT/SP SEH/GQ STK/RE SWR/LX TAP/TP TFL/OR TRA/HV TUI/X3 TVF/TO TVS/QS VKG/DK VLG/VY VOE/V7 WFL/2W WIF/WF "
        "WMT/W4 WOW/WW WZZ/W6 XLF/SE"
    ),
    "UK": (
        "AWC/ZT BAW/BA BEE/BE BMA/BD BMR/BM CFE/CJ EFW/A0 EUK/EG EXS/LS EZE/T3 EZY/U2 LOG/LM MON/ZB NRS/DI RUK/RK "
        "SHT/BA TCX/MT TOM/BY UBT/Z0 VIR/VS WUK/W9"
    ),
}
LICENSED_SOURCE = (
    "air carriers with an operating licence of a Member State, Iceland, Norway or Switzerland under Regulation (EC) No "
    "1008/2008, and of the UK Civil Aviation Authority, as known in 2025, some that have ceased since 2013 among them"
)
ALLIANCES = {
    "Star Alliance": (
        "AAR/OZ ACA/AC AEE/A3 AIC/AI ANA/NH ANZ/NZ AUA/OS AVA/AV BEL/SN CCA/CA CMP/CM CSZ/ZH CTN/OU DLH/LH ETH/ET "
        "EVA/BR LOT/LO MSR/MS SAA/SA SIA/SQ SWR/LX TAP/TP THA/TG THY/TK UAL/UA"
    ),
    "oneworld": (
        "AAL/AA ALK/UL ASA/AS BAW/BA CPA/CX FIN/AY FJI/FJ IBE/IB JAL/JL MAS/MH OMA/WY QFA/QF QTR/QR RAM/AT RJA/RJ"
    ),
    "SkyTeam": (
        "AEA/UX AFR/AF AMX/AM ARG/AR CAL/CI CES/MU CXA/MF DAL/DL GIA/GA HVN/VN KAL/KE KLM/KL KQA/KQ MEA/ME ROT/RO "
        "SAS/SK SVA/SV VIR/VS"
    ),
}
ALLIANCES_SOURCE = (
    "the members, without their affiliates, as the alliances listed them in 2025 (staralliance.com/en/members, "
    "oneworld.com/members, skyteam.com/en/about)"
)


def by_code(declared: dict[str, str]) -> dict[str, str]:
    """What is declared of each airline, by its ICAO and by its IATA code."""
    return {
        code: name for name, airlines in declared.items() for airline in airlines.split() for code in airline.split("/")
    }


def coded(declared: dict[str, str], column: str) -> str:
    """A query of what is declared: `code` and `column`."""
    return rows({"code": "varchar", column: "varchar"}, by_code(declared).items())
