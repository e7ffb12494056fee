"""Common English first names with nicknames, surnames, cities and trade words; nothing here belongs to one person."""

_NAMES = """
William:Bill,Will Robert:Bob,Rob Richard:Rick,Dick James:Jim,Jimmy John:Jack,Johnny Charles:Chuck,Charlie
Michael:Mike Joseph:Joe Thomas:Tom Christopher:Chris Daniel:Dan Matthew:Matt Anthony:Tony Steven:Steve
Andrew:Andy,Drew Kenneth:Ken Joshua:Josh Edward:Ed,Ted Timothy:Tim Jeffrey:Jeff Benjamin:Ben Samuel:Sam
Gregory:Greg Patrick:Pat Alexander:Alex Nicholas:Nick Ronald:Ron Lawrence:Larry Raymond:Ray Gerald:Jerry
Elizabeth:Liz,Beth Jennifer:Jen,Jenny Patricia:Pat,Patty Margaret:Peggy,Maggie Katherine:Kate,Kathy
Deborah:Debbie Susan:Sue Rebecca:Becky Victoria:Vicky Jessica:Jess Barbara:Barb Kimberly:Kim Catherine:Cathy
Christine:Chris Cynthia:Cindy Pamela:Pam Theresa:Terry Jacqueline:Jackie Samantha:Sam Stephanie:Steph
Angela:Angie Amanda:Mandy Nancy:Nan Sandra:Sandy Michelle:Shelly Laura:Laurie
"""
NICK = {pair.split(":")[0]: pair.split(":")[1].split(",") for pair in _NAMES.split()}
FIRST = list(NICK) + "Brian Kevin Jason Eric Scott Linda Karen Lisa Donna Carol Sarah Emily Amy Rachel Heather".split()
MEN = FIRST[:30]
LAST = """
Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Taylor Thomas Moore Martin Jackson Thompson White Lopez
Harris Clark Lewis Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall
Rivera Campbell Mitchell Carter Roberts Gomez Phillips Evans Turner Diaz Parker Cruz Edwards Collins Reyes Stewart
Morris Morales Murphy Cook Rogers Morgan Peterson Cooper Reed Bailey Bell Kelly Howard Ward Cox Richardson Wood Watson
Brooks
Bennett Gray James Hughes Price Myers Long Foster Sanders Ross Powell Sullivan Russell Ortiz Jenkins Perry Butler Barnes
Fisher Henderson Coleman Simmons Patterson Jordan Reynolds Hamilton Graham Kim Griffin Wallace Moreno West Cole Hayes
Bryant Herrera Gibson Ellis Tran Medina Stevens Murray Ford Marshall Owens Harrison Ruiz Kennedy Wells Alvarez Woods
Holloway Underwood Whitaker Lindqvist MacAllister O'Brien O'Connor Fitzgerald Van-Houten Abernathy Castellano Dombrowski
Eisenberg Fairbanks Goldsmith Hargrove Ingersoll Jankowski Kowalczyk Lindholm McCallister Novak Oppenheim Pemberton
Quigley Rasmussen Schumacher Thornbury Ullmann Vandermeer Wetherby Yarborough Zimmerman Ashworth Blackwood Crenshaw
""".split()
# city | state | area code | ZIP
CITIES = [
    row.split("|")
    for row in """
New York|NY|212|10018
Brooklyn|NY|718|11201
Chicago|IL|312|60607
Houston|TX|713|77002
Dallas|TX|214|75201
Austin|TX|512|78701
Phoenix|AZ|602|85004
Denver|CO|303|80202
Seattle|WA|206|98101
Portland|OR|503|97204
San Diego|CA|619|92101
San Francisco|CA|415|94103
Los Angeles|CA|213|90012
Atlanta|GA|404|30303
Miami|FL|305|33130
Tampa|FL|813|33602
Boston|MA|617|02110
Philadelphia|PA|215|19103
Pittsburgh|PA|412|15222
Cleveland|OH|216|44114
Columbus|OH|614|43215
Detroit|MI|313|48226
Minneapolis|MN|612|55402
St. Louis|MO|314|63101
Nashville|TN|615|37203
""".strip().splitlines()
]
STREETS = """Main St|Oak Avenue|Industrial Blvd|Commerce Street|Market St|2nd Avenue|Lakeview Drive|Harbor Rd|
Mill Street|Washington Ave|Park Road|Riverside Dr|Union St|Elm Street|Highland Ave"""
STREETS = [s.strip() for s in STREETS.split("|")]
HEADS = """Acorn Apex Beacon Birchwood Bluewater Bridgeport Cascade Cedar Copperfield Crestline Cornerstone Eastgate
Evergreen Fairway Falcon Foxglove Gateway Granite Greenfield Harborview Hawthorne Highland Ironwood Keystone Lakeshore
Liberty Longview Maple Meridian Midland Northstar Oakmont Paramount Pinecrest Pioneer Quarry Redwood Ridgeline Riverbend
Rockford Sagebrush Silverline Southgate Sterling Stonebridge Summit Sunrise Timberline Vanguard Westbrook""".split()
TAILS = """Analytics|Manufacturing|Logistics|Consulting|Dental Group|Foods|Supply|Medical|Construction|Software|
Partners|Industries|Energy|Marketing|Packaging|Realty|Insurance|Plumbing|Electric|Roofing|Systems|Solutions|Distributors"""
TAILS = [t.strip() for t in TAILS.split("|")]
SHORT_TAIL = {"Manufacturing": "Mfg", "Distributors": "Dist.", "Construction": "Constr.", "Solutions": "Soln"}
FORMS = {"Inc.": ["Inc", "Incorporated", ", Inc."], "LLC": ["L.L.C.", ", LLC", "llc"], "Ltd": ["Limited", "Ltd."]}
FORMS |= {"Corp.": ["Corporation", "Corp"], "Co.": ["Company", "& Co"]}
TITLES = """Office Manager|CEO|Owner|Purchasing Manager|VP Sales|Director of Operations|Accountant|IT Manager|
Marketing Manager|Buyer|Plant Manager|President|Controller|Assistant"""
TITLES = [t.strip() for t in TITLES.split("|")]
OWNERS = ["Dana Whitfield", "Luis Ferrer", "Priya Raman", "Marcus Holt", "Ellen Strand (inactive)"]
SOURCES = ["Web Form", "Trade Show", "Cold Call", "Employee Referral", "Partner", "External Referral", ""]
INDUSTRIES = ["Manufacturing", "Health Care", "Construction", "Real Estate", "Food & Beverage", "Technology", ""]
