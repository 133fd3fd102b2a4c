# ruff: noqa: E501 - lists, as compact as they are read
"""Given names and surnames of the people of Québec, typed by hand. Any resemblance of a pair with someone is chance."""

from __future__ import annotations

# Each community: women's given names, men's given names, surnames. `weight`: how often it is drawn.
_FRENCH_WOMEN = """Marie-Ève|Geneviève|Josée|Mélanie|Sylvie|Chantal|Karine|Annie|Isabelle|Caroline|Julie|Manon|Johanne|Louise|
Ginette|Francine|Diane|Lise|Denise|Huguette|Thérèse|Gisèle|Claudette|Jeannine|Pierrette|Monique|Lucie|Hélène|Anne-Marie|Marie-Claude|
Marie-Pier|Marie-Josée|Marie-Hélène|Anne-Sophie|Audrey-Anne|Catherine|Valérie|Stéphanie|Émilie|Laurence|Florence|Rosalie|Maélie|
Océane|Coralie|Noémie|Élodie|Mégane|Zoé|Léa|Juliette|Béatrice|Charlotte|Alice|Livia|Jade|Mia|Romane|Ophélie|Maude|Sarah-Maude|
Cloé|Élisabeth|Marguerite|Simone|Yolande|Réjeanne|Solange|Fernande|Cécile|Colette|Danielle|Line|France|Linda|
Mireille|Pascale|Véronique|Dominique|Claude|Jocelyne|Lorraine|Rollande|Aurélie|Sabrina|Jessica|Vanessa|Myriam|Roxanne|Gabrielle|
Ariane|Andréanne|Marianne|Frédérique|Camille|Maxime|Évelyne|Raphaëlle|Justine|Alexandra|Bianca|Marilou|Rose|Flavie|Delphine"""
_FRENCH_MEN = """Jean-François|Jean-Philippe|Jean-Sébastien|Marc-André|Pierre-Luc|Louis-Philippe|Charles-Étienne|Jean-Guy|Jean-Marc|
Jean-Pierre|Luc|Benoît|Sylvain|Stéphane|Martin|Éric|Alain|Daniel|André|Réjean|Normand|Yvon|Fernand|Armand|Roland|
Marcel|Gaétan|Ghislain|Denis|Serge|Yves|Claude|Robert|Raymond|Jacques|Guy|François|Sébastien|Mathieu|
Maxime|Alexandre|Simon|Guillaume|Vincent|Olivier|Étienne|Félix|Antoine|Gabriel|William|Samuel|Thomas|Nathan|Zachary|Émile|
Édouard|Arthur|Léo|Louis|Jacob|Raphaël|Xavier|Jérémie|Tristan|Loïc|Mathis|Noah|Elliot|Hubert|Rosaire|Adrien|Hervé|Lionel|Camil|
Donald|Clément|Laurier|Aurèle|Gérald|Gérard|Bertrand|Régis|Rénald|Steeve|Dave|Kevin|Jonathan|Frédéric|Philippe|Nicolas|Hugo|
David|Dominic|Yannick|Carl|Pascal|Bruno|Jimmy|Tommy|Cédric|Anthony|Marc-Antoine|Pier-Luc|Jules|Théo|Charles|Henri"""
_FRENCH_LAST = """Tremblay|Gagnon|Roy|Côté|Bouchard|Gauthier|Morin|Lavoie|Fortin|Ouellet|Pelletier|Lévesque|Bergeron|
Leblanc|Paquette|Simard|Boucher|Caron|Beaulieu|Dubé|Poirier|Leclerc|Lefebvre|Poulin|Thibault|
St-Pierre|Nadeau|Martel|Hébert|Grenier|Turcotte|Mercier|Lachance|Archambault|Beauchemin|Beaudoin|Bédard|
Blanchette|Boisvert|Bolduc|Brassard|Carrier|Champagne|Charbonneau|Choquette|Chouinard|Corriveau|Cormier|Couture|
Cyr|D'Astous|Dallaire|De la Durantaye|Demers|Deschênes|Desjardins|Desrosiers|Dion|Drolet|Dumais|Duquette|
Émond|Fillion|Fontaine|Forget|Gendron|Gervais|Gingras|Godbout|Gosselin|Goulet|Guay|Guérin|Hamel|Harvey|Houde|Houle|
Jolicœur|Joly|Labelle|Labonté|Laberge|Labrecque|Lacasse|Lachapelle|Lacroix|Laflamme|Laforest|Lajoie|Lalonde|Landry|
Langevin|Laplante|Larivière|Larocque|LaRochelle|Larouche|Lauzon|Lavallée|Lebel|Lebrun|Leduc|Lefrançois|Lemay|Lemieux|
Lepage|Lessard|L'Écuyer|L'Heureux|Létourneau|L'Italien|Longpré|Maheux|Mailhot|Malo|Marcotte|Marcoux|Marois|Massicotte|
Ménard|Michaud|Moreau|Mongrain|Nault|Nolin|Normandeau|Paradis|Paré|Parent|Pépin|Perreault|Picard|Pilon|
Plourde|Pomerleau|Pratte|Primeau|Provencher|Quirion|Racicot|Racine|Raymond|Renaud|Rheault|Richard|Rioux|Rivard|
Robitaille|Rodrigue|Rousseau|Sabourin|Saint-Laurent|Saint-Onge|Samson|Sansregret|Séguin|Sénécal|Sirois|St-Amand|
St-Arnaud|Tanguay|Tardif|Tessier|Théberge|Thériault|Toupin|Trahan|Trudel|Turgeon|Vachon|Vaillancourt|Valiquette|Veilleux|
Verreault|Vézina|Viens|Voyer|Bois|Lamontagne|Laliberté|Ladouceur|Latendresse|Boisclair|Beausoleil|Belhumeur|Jutras"""

COMMUNITIES: dict[str, tuple[int, str, str, str]] = {
    "french": (58, _FRENCH_WOMEN, _FRENCH_MEN, _FRENCH_LAST),
    "english": (
        8,
        "Heather|Margaret|Kathleen|Susan|Shannon|Ashley|Emily|Megan|Holly|Brenda|Joan|Doreen|Wendy|Rachel|Abigail|Fiona",
        "Gordon|Douglas|Brian|Kenneth|Ian|Scott|Andrew|Ryan|Tyler|Derek|Graham|Neil|Stuart|Keith|Russell|Trevor|Colin",
        """MacDonald|O'Brien|McGuire|Fitzgerald|Henderson|Blackburn|Johnson|Smith|Campbell|Ross|Murray|O'Connor|Fraser|Mackenzie|
        Hutchison|Taylor|Walsh|Burns|Wilkinson|St. John|McLeod|Pritchard|Ashworth|Gallagher|Thornton|Cleary|Drummond""",
    ),
    "indigenous": (
        4,
        "Uapikun|Maniten|Elisapie|Mary|Lucassie|Annie|Kanahstatsi|Wapikoni|Jeannette|Evelyne|Alaku|Sheila|Mina|Louisa",
        "Tshiuetin|Johnny|Tamusi|Charlie|Jusipi|Matthew|Shikuan|Billy|Romeo|Abel|Adamie|Mosha|Raymond|Peter|Ka'nhehsí:io",
        """Vollant|Mestokosho|Picard-Siméon|Awashish|Coocoo|Ottawa|Petiquay|Bellefleur|Mark|Mollen|Kanapé|Rock|Wapachee|Blacksmith|
        Iserhoff|Happyjack|Kitchen|Qumaluk|Tukkiapik|Annanack|Weetaluktuk|Novalinga|Deer|Jacobs|Diabo|Dedam|Condo|Metallic|Dominique-
        Siméon|Kistabish|Wabanonik|McDougall|Papatie|Chachai|Niquay|Dubé-Flamand|Gros-Louis|Sioui|Bacon|Fontaine-Vollant""",
    ),
    "haitian": (
        6,
        "Marie-Carmelle|Guerda|Fabiola|Rose-Laure|Mirlande|Nadège|Wideline|Magdala|Yolette|Islande|Ketsia|Roseline|Darline",
        "Wilner|Jean-Robert|Frantz|Wilkens|Emmanuel|Stanley|Jude|Ricardo|Evens|Roodly|Jean-Claude|Rony|Fritzner|Dieudonné",
        """Jean-Baptiste|Pierre-Louis|Joseph|Saint-Fleur|Charles|Désir|Estimé|Baptiste|Toussaint|Célestin|Dorvil|Exantus|Noël|Vilsaint|
        Jean-Louis|Laguerre|Antoine|Metellus|Bien-Aimé|Dieujuste|Etienne|Auguste|Innocent|Cadet|Lafortune|Altidor|Mondésir""",
    ),
    "maghrebi": (
        6,
        "Fatima-Zahra|Khadija|Yasmine|Samira|Naïma|Hanane|Soumia|Amel|Lamia|Ikram|Nour|Houda|Imane|Sihem|Leïla|Djamila|Rym",
        "Mohamed|Youssef|Rachid|Karim|Abdelkader|Mehdi|Nabil|Hicham|Sofiane|Anis|Yacine|Walid|Mustapha|Larbi|Omar|Khalil",
        """Benali|Bouazza|El Amrani|El Khoury|Haddad|Ben Salah|Belkacem|Boukhris|Cherkaoui|Ouali|Mansouri|Benchekroun|Zeroual|Aït Ahmed|
        Lahlou|Bensaïd|Tazi|Bouziane-Morel|Hamdaoui|Ziani|Mokhtari|Ben Youssef|Khelifi|Aït-Slimane|Saïdi|Touati|Alaoui""",
    ),
    "vietnamese": (
        3,
        "Thi Hong|Ngoc Lan|Thuy|Mai Linh|Kim Anh|Bich Ngoc|Thanh Huong|Phuong Thao|My Linh",
        "Van Minh|Quoc Bao|Minh Tuan|Huu Phuoc|Duc Anh|Hoang Long|Thanh Son|Gia Huy|Tien Dung",
        "Nguyen|Tran|Le|Pham|Huynh|Vo|Dang|Bui|Do|Ngo|Duong|Ly|Truong|Dinh",
    ),
    "italian": (
        3,
        "Giuseppina|Carmela|Assunta|Filomena|Antonella|Rosa|Concetta|Loredana|Franca|Maria Pia|Domenica",
        "Giovanni|Salvatore|Domenico|Rocco|Pasquale|Vito|Nicola|Carmine|Gaetano|Angelo|Luciano|Massimo",
        "Di Iorio|Mastrantonio|Ricci|De Luca|D'Angelo|Colangelo|Petruzzi|Iannuzzi|Lo Presti|Della Rocca|Vaccaro|Pagliaro|Di Genova|Santoro",
    ),
    "latin": (
        4,
        "María José|Guadalupe|Luz Marina|Ximena|Catalina|Yolanda|Rosario|Valentina|Pilar|Marisol|Beatriz|Consuelo",
        "José Luis|Miguel Ángel|Jorge|Alejandro|Hernán|Ramiro|Julio César|Andrés|Esteban|Rodrigo|Óscar|Fabián",
        """García Ruiz|Rodríguez|Hernández López|Gutiérrez|De la Cruz|Castillo|Muñoz|Peña|Quispe|Ramírez Soto|Vargas|Ibáñez|Rojas|
        Escobar Díaz|Montoya|Del Valle|Figueroa|Zapata|Acosta|Fuentes Mora|Salazar|Sepúlveda""",
    ),
    "chinese": (
        3,
        "Xiao Ling|Mei|Yan|Li Hua|Jing|Wei Wei|Yu Qing|Min|Hui|Xin Yi|Fang",
        "Jian|Wei|Guo Qiang|Zhi Hao|Ming|Yong|Jun Jie|Hao|Lei|Bo|Zhen Yu",
        "Wang|Li|Zhang|Liu|Chen|Yang|Huang|Zhao|Zhou|Xu|Lin|Leung|Cheung|Wong|Ouyang",
    ),
    "southasian": (
        3,
        "Priya|Lakshmi|Sunita|Harpreet|Nasreen|Tharshini|Anjali|Fatema|Kavitha|Gurleen|Shabnam",
        "Rajesh|Harjit|Suresh|Imran|Sivakumar|Arjun|Mohammad Asif|Jaspreet|Anil|Farhan|Thileepan",
        "Patel|Singh|Kaur|Sivapalan|Rahman|Sharma|Hussain|Thavarajah|Chowdhury|Gill|Rajaratnam|Iqbal|Dhillon|Mukherjee|Nadarajah",
    ),
    "african": (
        4,
        "Aminata|Fatou|Clémentine|Adjoua|Grâce|Espérance|Mariama|Chantal|Aïssatou|Divine|Blessing|Bintou",
        "Mamadou|Ousmane|Kouassi|Jean-Bosco|Ibrahima|Serge-Alain|Boubacar|Cheikh|Désiré|Patrice|Olusegun|Abdoulaye",
        "Diallo|Traoré|Koné|Ndiaye|Mbemba|Kabongo|Nkurunziza|Ouédraogo|Bah|Tshibangu|Kouadio|Sow|Okonkwo|Camara|Ilunga|Habimana|N'Guessan|Ngo Bassong",
    ),
    "slavic": (
        2,
        "Olena|Agnieszka|Svetlana|Ioana|Tatiana|Mihaela|Oksana|Ewa|Elena|Katarzyna",
        "Andriy|Wojciech|Dmitri|Bogdan|Sergiu|Piotr|Oleksandr|Mircea|Vladislav|Zoran",
        "Kowalczyk|Ivanova|Popescu|Shevchenko|Petrović|Bondarenko|Ionescu|Wiśniewski|Novak|Kravchuk|Dumitrescu|Moroz|Sokolov|Kaczmarek",
    ),
    "levantine": (
        2,
        "Rana|Joumana|Zeina|Mireille|Shirin|Nahid|Ani|Taline|Parisa|Maryam",
        "Elie|Georges|Bassam|Vartan|Hagop|Reza|Behrouz|Fadi|Tony|Hovig",
        "Khoury|Abou Haidar|Saad|Najjar|Hakimian|Tabrizi|Hosseini|Bou Khalil|Keshishian|Nassif|Ghorbani|Sarkissian|Abi Nader",
    ),
}


def pool(community: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Women's given names, men's given names and surnames of a community."""
    _, women, men, last = COMMUNITIES[community]
    return _split(women), _split(men), _split(last)


def _split(names: str) -> tuple[str, ...]:
    """The names of a list, lines joined (a line may end inside a hyphenated name)."""
    joined = "".join(line.strip() for line in names.splitlines())
    return tuple(one.strip() for one in joined.split("|") if one.strip())
