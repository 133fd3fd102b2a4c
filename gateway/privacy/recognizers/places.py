"""Names that addresses need: Québec's municipalities, provinces, ways, and where public bodies have their offices.
*Data*, folded.

Sources: Commission de toponymie du Québec and ministère des Affaires municipales (municipalities of some size, and
boroughs); Canada Post (postal codes reserved for governments: G1A Québec, K1A Canada, M7A Ontario, H0H fictional);
offices: the bodies' own contact pages. Typed by hand; an address that is not here is still found by its shape.
"""

from __future__ import annotations

MUNICIPALITIES = frozenset(
    name.strip()
    for name in """
        montreal, quebec, laval, gatineau, longueuil, sherbrooke, levis, saguenay, trois-rivieres,
        terrebonne, saint-jean-sur-richelieu, brossard, repentigny, saint-jerome, drummondville, granby,
        blainville, mirabel, saint-hyacinthe, mascouche, chateauguay, shawinigan, rimouski,
        dollard-des-ormeaux, victoriaville, saint-eustache, vaudreuil-dorion, rouyn-noranda, boucherville,
        salaberry-de-valleyfield, sorel-tracy, cote-saint-luc, val-d'or, saint-georges, alma, sainte-julie,
        boisbriand, sainte-therese, saint-bruno-de-montarville, thetford mines, sept-iles, l'assomption,
        chambly, saint-constant, baie-comeau, magog, la prairie, kirkland, varennes, riviere-du-loup,
        saint-lambert, beaconsfield, belœil, beloeil, westmount, sainte-marthe-sur-le-lac, mont-royal,
        candiac, saint-lin-laurentides, joliette, dorval, mont-saint-hilaire, saint-augustin-de-desmaures,
        sainte-catherine, deux-montagnes, l'ancienne-lorette, pointe-claire, cowansville, saint-sauveur,
        lavaltrie, sainte-anne-des-plaines, matane, gaspe, rosemere, saint-basile-le-grand, mont-laurier,
        rawdon, sainte-adele, beauharnois, amos, prevost, la tuque, saint-colomban, contrecoeur,
        saint-charles-borromee, marieville, montmagny, becancour, sainte-marie, saint-amable, saint-raymond,
        la pocatiere, roberval, dolbeau-mistassini, saint-felicien, chibougamau, mont-tremblant,
        sainte-agathe-des-monts, les iles-de-la-madeleine, iles-de-la-madeleine, port-cartier, mont-joli,
        amqui, new richmond, carleton-sur-mer, chandler, perce, sainte-anne-des-monts, bonaventure,
        trois-pistoles, rigaud, lachute, brownsburg-chatham, louiseville, nicolet, plessisville,
        princeville, warwick, asbestos, val-des-sources, windsor, richmond, coaticook, lac-megantic,
        cookshire-eaton, east angus, waterloo, bromont, farnham, acton vale, saint-cesaire, delson, mercier,
        hudson, l'ile-perrot, notre-dame-de-l'ile-perrot, pincourt, saint-lazare, les coteaux,
        coteau-du-lac, huntingdon, napierville, saint-remi, la malbaie, baie-saint-paul, clermont, beaupre,
        chateau-richer, sainte-brigitte-de-laval, shannon, stoneham-et-tewkesbury, stoneham, lac-beauport,
        sainte-catherine-de-la-jacques-cartier, pont-rouge, donnacona, portneuf, neuville, cap-sante,
        saint-marc-des-carrieres, kuujjuaq, inukjuak, puvirnituq, wendake, kahnawake, mashteuiatsh, uashat,
        matagami, la sarre, senneterre, malartic, ville-marie, temiscaming, maniwaki, chelsea, cantley,
        val-des-monts, la peche, buckingham, aylmer, hull, thurso, papineauville, chicoutimi, jonquiere, la
        baie, beauport, charlesbourg, sainte-foy, sillery, cap-rouge, limoilou, loretteville, val-belair,
        vanier, saint-roch, verdun, lasalle, lachine, outremont, anjou, montreal-nord, montreal-est,
        montreal-ouest, saint-leonard, ahuntsic, villeray, rosemont, hochelaga, le plateau-mont-royal,
        saint-laurent, pierrefonds, roxboro, ile-bizard, l'ile-bizard, riviere-des-prairies,
        pointe-aux-trembles, greenfield park, saint-hubert, vieux-longueuil, lemoyne, chomedey, pont-viau,
        vimont, auteuil, fabreville, duvernay, laval-ouest, sainte-rose, sainte-dorothee, grand-mere,
        cap-de-la-madeleine, pointe-du-lac, lennoxville, rock forest, fleurimont, iberville, saint-luc,
        charny, saint-romuald, saint-nicolas, lauzon, pintendre, saint-etienne-de-lauzon, bernieres,
        cap-chat, paspebiac, grande-riviere, saint-pascal, cabano, temiscouata-sur-le-lac, degelis,
        pohenegamook, forestville, les escoumins, tadoussac, havre-saint-pierre, fermont, natashquan,
        lebel-sur-quevillon, chapais, metabetchouan, hebertville, saint-honore, saint-ambroise, l'epiphanie,
        crabtree, saint-jean-de-matha, saint-gabriel, berthierville, lanoraie, saint-donat, chertsey,
        sainte-julienne, saint-esprit, l'islet, saint-jean-port-joli, cap-saint-ignace, beauceville,
        saint-joseph-de-beauce, east broughton, disraeli, lac-etchemin, saint-anselme, sainte-claire,
        saint-henri, donnaconna, ottawa, toronto, moncton, gaspesie, hawkesbury, cornwall, kingston,
        vancouver, calgary, edmonton, winnipeg, halifax, fredericton, edmundston, campbellton, hamilton,
        london, mississauga
    """.replace("\n", " ").split(",")
)
PROVINCES = (
    r"quebec|qc|q\.c\.|que\.?|ontario|on|ont\.?|nouveau-brunswick|new brunswick|nb|n\.-b\.|alberta|ab|manitoba|"
    r"mb|saskatchewan|sk|colombie-britannique|british columbia|bc|c\.-b\.|nouvelle-ecosse|nova scotia|ns|nl|pe|"
    r"yt|nt|nu"
)
WAYS = (
    r"rues?|avenues?|aven\.|av\.?|ave\.?|boulevard|boul\.?|blvd\.?|bd\.?|chemin|chem\.?|ch\.?|rang|rg\.?|"
    r"montee|mtee\.?|croissant|crois\.?|impasse|imp\.?|ruelle|"
    r"autoroute|aut\.?|route|rte\.?|cercle|carre|terrasse|terr\.?|promenade|prom\.?|square|sq\.?|allee|place|"
    r"pl\.?|cote|sentier|quai|cours|traverse|"
    r"domaine|esplanade|passage|voie|jardin|parc|descente|carrefour|chaussee|faubourg|rond-point|venelle|villa|"
    r"hameau|grand rang|petit rang|vieux chemin"
)
PLAIN_WORDS = frozenset(
    """
        place cours cote route parc passage voie quai jardin square promenade domaine traverse terrasse
        carre cercle allee descente carrefour villa sentier rues avenues
    """.split()
)
"""Ways whose names are also common words: they need more to be an address."""
ENGLISH_WAYS = (
    r"street|st\.?|avenue|ave\.?|av\.?|road|rd\.?|drive|dr\.?|boulevard|blvd\.?|lane|ln\.?|crescent|cres\.?|"
    r"court|crt\.?|place|pl\.?|way|circle|cir\.?|terrace|row|trail|"
    r"highway|hwy\.?|parkway|pkwy\.?|square|sq\.?|heights|hill|park|gardens|gate|line|path|ridge|grove|point|concession"
)
RESERVED_FOR_OFFICES = ("g1a", "k1a", "m7a", "h0h")
OFFICES = frozenset(
    """835 rene-levesque, 875 grande allee, 675 rene-levesque, 700 rene-levesque, 900 rene-levesque, 1035 chevrotiere,
    1200 eglise, 1075 sainte-foy, 2700 laurier, 3800 marly, 333 jean-lesage, 1125 grande allee, 425 maisonneuve, 2600
    laurier, 500 rene-levesque, 524 bourdages, 1199 bleury, 525 rene-levesque, 800 youville, 1045 parlementaires, 750
    charest, 700 jacques-parizeau, 880 sainte-foy, 5700 4e avenue, 200 sainte-foy, 1500 cyrille-duquet, 380
    saint-antoine, 1 notre-dame, 300 jean-lesage, 2 jardins, 275 notre-dame, 150 rene-levesque, 1020 eglise, 2050
    rene-levesque, 225 grande allee, 2360 sainte-foy, 2525 laurier, 575 jacques-parizeau, 565 charest, 1600
    hugues-randin, 1400 guillaume-couture, 475 maisonneuve, 2700 einstein, 600 fullum, 10 pierre-olivier-chauveau,
    1701 parthenais, 500 grande allee, 1050 pierre-olivier-chauveau, 85 peel, 360 mcgill, 276 saint-jacques, 1126
    saint-louis, 3 complexe desjardins, 1550 metcalfe, 555 rene-levesque, 770 sherbrooke, 1000 fullum, 2954 laurier,
    930 sainte-foy
    """.replace("\n", " ").split(", ")
)  # fmt: skip
OFFICES = frozenset(" ".join(one.split()) for one in OFFICES)
"""Civic number and the last words of the way of offices of public bodies."""
