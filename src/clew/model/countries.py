"""Where countries and large cities are: facts, a line each.

A country: its codes (ISO 3166-1 alpha-2 and alpha-3), the point in its middle (latitude, longitude), how far
from there its people live at most in kilometres, rounded up, and its names. Alaska, Hawaii and territories
overseas are left out of that distance where they have a code of their own or few people. A city: the
country, its point, its names; names that several large cities bear are left out. Names are in small letters without
accents.
"""

from __future__ import annotations

COUNTRIES = """
AD AND 42.5 1.5 50 andorra
AE ARE 24 54 400 united arab emirates
AF AFG 34 66 900 afghanistan
AG ATG 17.1 -61.8 50 antigua and barbuda
AL ALB 41 20 250 albania
AM ARM 40.3 45 250 armenia
AO AGO -12.5 17.5 1000 angola
AR ARG -37 -65 2200 argentina
AT AUT 47.5 13.5 400 austria
AU AUS -26 134 2400 australia
AW ABW 12.5 -70 50 aruba
AZ AZE 40.4 48 350 azerbaijan
BA BIH 44.2 17.8 200 bosnia and herzegovina
BB BRB 13.2 -59.5 50 barbados
BD BGD 24 90 450 bangladesh
BE BEL 50.7 4.6 200 belgium
BF BFA 12.3 -1.6 550 burkina faso
BG BGR 42.7 25.4 350 bulgaria
BH BHR 26 50.5 50 bahrain
BI BDI -3.4 29.9 200 burundi
BJ BEN 9.5 2.3 450 benin
BM BMU 32.3 -64.8 50 bermuda
BN BRN 4.5 114.7 100 brunei,brunei darussalam
BO BOL -16.5 -64.5 900 bolivia
BR BRA -11 -53 2700 brazil,brasil
BS BHS 24.7 -77 500 bahamas,the bahamas
BT BTN 27.4 90.4 200 bhutan
BW BWA -22.3 24 600 botswana
BY BLR 53.5 28 400 belarus
BZ BLZ 17.2 -88.7 200 belize
CA CAN 49 -95 3200 canada
CD COD -3 23.5 1500 democratic republic of the congo,congo (kinshasa)
CF CAF 6.5 20.5 800 central african republic
CG COG -0.8 15.2 700 congo,republic of the congo
CH CHE 46.8 8.2 250 switzerland
CI CIV 7.5 -5.5 500 ivory coast,cote d'ivoire
CL CHL -33 -71 2400 chile
CM CMR 5.5 12.5 800 cameroon
CN CHN 35 104 3000 china
CO COL 4 -73 1100 colombia
CR CRI 10 -84 300 costa rica
CU CUB 21.8 -79 700 cuba
CV CPV 15.5 -23.8 250 cape verde,cabo verde
CY CYP 35 33 150 cyprus
CZ CZE 49.8 15.5 300 czechia,czech republic
DE DEU 51 10.3 500 germany,deutschland
DJ DJI 11.8 42.5 150 djibouti
DK DNK 56 10 350 denmark
DM DMA 15.4 -61.4 50 dominica
DO DOM 18.8 -70.2 250 dominican republic
DZ DZA 31 2.5 1500 algeria
EC ECU -1.5 -79 500 ecuador
EE EST 58.7 25.5 250 estonia
EG EGY 28 30.5 800 egypt
ER ERI 15.5 38.5 600 eritrea
ES ESP 39.5 -4 900 spain
ET ETH 9 39.5 900 ethiopia
FI FIN 64 26 700 finland
FJ FJI -17.8 178 300 fiji
FR FRA 46.5 2.5 750 france
GA GAB -0.7 11.7 450 gabon
GB GBR 54 -2.5 750 united kingdom,great britain,england,uk
GE GEO 42.1 43.5 350 georgia
GH GHA 8 -1.2 500 ghana
GM GMB 13.5 -15.5 250 gambia,the gambia
GN GIN 10.5 -11 550 guinea
GQ GNQ 1.7 10.3 400 equatorial guinea
GR GRC 38.5 23.5 550 greece
GT GTM 15.6 -90.3 300 guatemala
GW GNB 12 -15 200 guinea-bissau
GY GUY 5 -59 500 guyana
HK HKG 22.3 114.2 50 hong kong
HN HND 14.9 -86.6 350 honduras
HR HRV 45 16 350 croatia
HT HTI 19 -72.7 200 haiti
HU HUN 47.2 19.4 300 hungary
ID IDN -2.5 118 2700 indonesia
IE IRL 53.2 -8 300 ireland
IL ISR 31.5 34.9 300 israel
IN IND 22.5 80 1900 india
IQ IRQ 33 44 600 iraq
IR IRN 32.5 54 1200 iran,islamic republic of iran
IS ISL 65 -18.5 300 iceland
IT ITA 42.5 12.5 750 italy,italia
JM JAM 18.1 -77.3 150 jamaica
JO JOR 31.3 36.5 300 jordan
JP JPN 36.5 138 1700 japan
KE KEN 0.3 37.8 650 kenya
KG KGZ 41.4 74.6 550 kyrgyzstan
KH KHM 12.6 105 350 cambodia
KM COM -12 43.7 150 comoros
KP PRK 40 127 450 north korea
KR KOR 36.3 127.8 400 south korea,korea,republic of korea
KW KWT 29.3 47.7 150 kuwait
KZ KAZ 48 67 1700 kazakhstan
LA LAO 18.5 104 650 laos
LB LBN 33.9 35.8 150 lebanon
LC LCA 13.9 -61 50 saint lucia
LI LIE 47.2 9.5 50 liechtenstein
LK LKA 7.6 80.7 250 sri lanka
LR LBR 6.4 -9.4 350 liberia
LS LSO -29.5 28.2 150 lesotho
LT LTU 55.3 23.9 250 lithuania
LU LUX 49.8 6.1 50 luxembourg
LV LVA 56.9 24.9 300 latvia
LY LBY 29 17.5 1100 libya
MA MAR 31.5 -7 1000 morocco
MC MCO 43.7 7.4 50 monaco
MD MDA 47.2 28.5 250 moldova,republic of moldova
ME MNE 42.8 19.3 150 montenegro
MG MDG -19.5 46.7 900 madagascar
MK MKD 41.6 21.7 150 north macedonia,macedonia
ML MLI 15 -5 1100 mali
MM MMR 20 96 1200 myanmar
MN MNG 46.8 103 1200 mongolia
MO MAC 22.2 113.5 50 macao,macau
MR MRT 19 -12 900 mauritania
MT MLT 35.9 14.4 50 malta
MU MUS -20.2 57.6 100 mauritius
MV MDV 3.5 73.2 600 maldives
MW MWI -13.3 34 500 malawi
MX MEX 23 -102 1800 mexico
MY MYS 4 109 1100 malaysia
MZ MOZ -18 35.5 1100 mozambique
NA NAM -22 17.2 800 namibia
NE NER 16 8 900 niger
NG NGA 9.3 8 800 nigeria
NI NIC 12.9 -85.3 350 nicaragua
NL NLD 52.2 5.4 250 netherlands,the netherlands,holland
NO NOR 64 13 1100 norway
NP NPL 28.3 84 500 nepal
NZ NZL -41 174 950 new zealand
OM OMN 21 57 700 oman
PA PAN 8.5 -80 350 panama
PE PER -9.5 -75.5 1200 peru
PG PNG -6.5 146 1100 papua new guinea
PH PHL 12 122.5 1000 philippines,the philippines
PK PAK 30 70 1000 pakistan
PL POL 52 19.3 450 poland
PR PRI 18.2 -66.4 150 puerto rico
PS PSE 31.9 35.2 150 palestine,palestinian territory
PT PRT 39.6 -8 400 portugal
PY PRY -23.3 -58 600 paraguay
QA QAT 25.3 51.2 100 qatar
RE REU -21.1 55.5 50 reunion
RO ROU 45.9 25 450 romania
RS SRB 44.2 20.8 300 serbia
RU RUS 60 90 5000 russia,russian federation
RW RWA -2 30 150 rwanda
SA SAU 24 45 1300 saudi arabia
SB SLB -9 160 700 solomon islands
SC SYC -4.7 55.5 300 seychelles
SD SDN 15.5 30.5 1200 sudan
SE SWE 62 16 900 sweden
SG SGP 1.35 103.8 50 singapore
SI SVN 46.1 14.8 200 slovenia
SK SVK 48.7 19.5 250 slovakia
SL SLE 8.5 -11.8 200 sierra leone
SN SEN 14.4 -14.5 450 senegal
SO SOM 5.5 46 1000 somalia
SR SUR 4 -56 350 suriname
SS SSD 7.5 30 800 south sudan
SV SLV 13.7 -88.9 150 el salvador
SY SYR 35 38.5 450 syria
SZ SWZ -26.5 31.5 150 eswatini,swaziland
TD TCD 15 18.7 1000 chad
TG TGO 8.6 1 400 togo
TH THA 13.5 101 950 thailand
TJ TJK 38.6 71 450 tajikistan
TL TLS -8.8 125.8 200 timor-leste
TM TKM 39 59.5 700 turkmenistan
TN TUN 34.5 9.5 500 tunisia
TR TUR 39 35.2 900 turkey,turkiye
TT TTO 10.5 -61.3 100 trinidad and tobago
TW TWN 23.7 121 250 taiwan
TZ TZA -6.3 35 850 tanzania,united republic of tanzania
UA UKR 48.8 31.2 800 ukraine
UG UGA 1.3 32.4 450 uganda
US USA 39.5 -98 2700 united states,united states of america,usa
UY URY -33 -56 350 uruguay
UZ UZB 41.3 64.5 850 uzbekistan
VE VEN 7.5 -66 900 venezuela
VN VNM 16 107 1000 vietnam,viet nam
XK XKX 42.6 20.9 100 kosovo
YE YEM 15.5 47.5 800 yemen
ZA ZAF -29 24.5 1000 south africa
ZM ZMB -13.5 28 850 zambia
ZW ZWE -19 29.8 500 zimbabwe
"""
CITIES = """
AE 25.2 55.3 dubai
AR -34.6 -58.4 buenos aires
AT 48.2 16.4 vienna,wien
AU -33.9 151.2 sydney
AU -37.8 145 melbourne
AU -31.9 115.9 perth
BE 50.8 4.4 brussels,bruxelles
BR -23.5 -46.6 sao paulo
BR -22.9 -43.2 rio de janeiro
CA 43.7 -79.4 toronto
CA 45.5 -73.6 montreal
CA 49.3 -123.1 vancouver
CH 47.4 8.5 zurich
CN 39.9 116.4 beijing
CN 31.2 121.5 shanghai
CN 22.5 114.1 shenzhen
CN 23.1 113.3 guangzhou
CO 4.7 -74.1 bogota
CZ 50.1 14.4 prague,praha
DE 52.5 13.4 berlin
DE 50.1 8.7 frankfurt,frankfurt am main
DE 48.1 11.6 munich,munchen
DE 53.6 10 hamburg
DK 55.7 12.6 copenhagen
EG 30 31.2 cairo
ES 40.4 -3.7 madrid
ES 41.4 2.2 barcelona
FI 60.2 24.9 helsinki
FR 48.9 2.4 paris
GR 38 23.7 athens
HK 22.3 114.2 hong kong
HU 47.5 19 budapest
ID -6.2 106.8 jakarta
IE 53.3 -6.3 dublin
IL 32.1 34.8 tel aviv
IN 19.1 72.9 mumbai
IN 28.6 77.2 delhi,new delhi
IN 13 77.6 bangalore,bengaluru
IT 41.9 12.5 rome,roma
IT 45.5 9.2 milan,milano
JP 35.7 139.7 tokyo
JP 34.7 135.5 osaka
KE -1.3 36.8 nairobi
KR 37.6 127 seoul
MX 19.4 -99.1 mexico city,ciudad de mexico
MY 3.1 101.7 kuala lumpur
NG 6.5 3.4 lagos
NL 52.4 4.9 amsterdam
NO 59.9 10.8 oslo
PE -12 -77 lima
PH 14.6 121 manila
PL 52.2 21 warsaw,warszawa
PT 38.7 -9.1 lisbon,lisboa
RO 44.4 26.1 bucharest
RU 55.8 37.6 moscow
RU 59.9 30.3 saint petersburg
SE 59.3 18.1 stockholm
SG 1.35 103.8 singapore
TH 13.8 100.5 bangkok
TR 41 29 istanbul
TW 25 121.6 taipei
UA 50.5 30.5 kyiv,kiev
US 40.7 -74 new york,new york city
US 34.1 -118.2 los angeles
US 41.9 -87.6 chicago
US 37.8 -122.4 san francisco
US 47.6 -122.3 seattle
US 32.8 -96.8 dallas
US 25.8 -80.2 miami
US 33.7 -84.4 atlanta
US 42.4 -71.1 boston
US 39 -77.5 ashburn
VN 21 105.8 hanoi
ZA -26.2 28 johannesburg
ZA -33.9 18.4 cape town
"""
CITY_KM = 100
"""How far from its point a city's people live."""


def country_index() -> str:
    """`,pt,prt,portugal,PT,39.6,-8,400;` for each: names in small letters, then what they are."""
    found = []
    for line in COUNTRIES.strip().splitlines():
        code, code3, latitude, longitude, km, names = line.split(" ", 5)
        found.append(f",{code.lower()},{code3.lower()},{names},{code},{latitude},{longitude},{km};")
    return "".join(found)


def city_index() -> str:
    """`,lisbon,lisboa,PT,38.7,-9.1,100;` for each."""
    found = []
    for line in CITIES.strip().splitlines():
        code, latitude, longitude, names = line.split(" ", 3)
        found.append(f",{names},{code},{latitude},{longitude},{CITY_KM};")
    return "".join(found)
