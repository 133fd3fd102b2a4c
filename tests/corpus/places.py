# ruff: noqa: E501 - lists, as compact as they are read
"""Where people live, and the places, bodies, laws and things whose names look like people's or identifiers. Typed by hand."""

from __future__ import annotations

# municipality, first three characters of a postal code that fits it
CITIES = (
    ("Montréal", "H2X"), ("Montréal", "H1W"), ("Montréal", "H4C"), ("Québec", "G1K"), ("Québec", "G1S"), ("Québec", "G2E"),
    ("Laval", "H7N"), ("Laval", "H7T"), ("Gatineau", "J8X"), ("Gatineau", "J8T"), ("Longueuil", "J4K"), ("Sherbrooke", "J1H"),
    ("Sherbrooke", "J1L"), ("Saguenay", "G7H"), ("Lévis", "G6V"), ("Trois-Rivières", "G9A"), ("Terrebonne", "J6W"),
    ("Saint-Jérôme", "J7Z"), ("Saint-Jean-sur-Richelieu", "J3B"), ("Repentigny", "J6A"), ("Brossard", "J4W"), ("Drummondville", "J2B"),
    ("Saint-Hyacinthe", "J2S"), ("Granby", "J2G"), ("Blainville", "J7C"), ("Rimouski", "G5L"), ("Rouyn-Noranda", "J9X"), ("Val-d'Or", "J9P"),
    ("Sept-Îles", "G4R"), ("Baie-Comeau", "G5C"), ("Gaspé", "G4X"), ("Alma", "G8B"), ("Matane", "G4W"), ("Rivière-du-Loup", "G5R"),
    ("Thetford Mines", "G6G"), ("Saint-Georges", "G5Y"), ("Victoriaville", "G6P"), ("Joliette", "J6E"), ("Sorel-Tracy", "J3P"),
    ("Salaberry-de-Valleyfield", "J6T"), ("Châteauguay", "J6J"), ("Vaudreuil-Dorion", "J7V"), ("Mirabel", "J7J"), ("Saint-Eustache", "J7P"),
    ("Magog", "J1X"), ("Mont-Laurier", "J9L"), ("La Tuque", "G9X"), ("Dolbeau-Mistassini", "G8L"), ("Chibougamau", "G8P"), ("Amos", "J9T"),
    ("Les Îles-de-la-Madeleine", "G4T"), ("La Malbaie", "G5A"), ("Sainte-Anne-des-Monts", "G4V"), ("Notre-Dame-du-Lac", "G0L"),
    ("Saint-Félicien", "G8K"), ("Montmagny", "G5V"), ("L'Ancienne-Lorette", "G2G"), ("Pointe-Claire", "H9R"), ("Westmount", "H3Y"),
    ("Kuujjuaq", "J0M"), ("Wendake", "G0A"), ("Sainte-Marthe-sur-le-Lac", "J0N"), ("Saint-Pie", "J0H"), ("Saint-Tite", "G0X"),
)  # fmt: skip

STREETS = (
    "rue Sherbrooke Est", "rue Saint-Denis", "rue Ontario Est", "boulevard René-Lévesque Ouest", "avenue du Mont-Royal Est", "rue Beaubien",
    "chemin Sainte-Foy", "rue Saint-Jean", "avenue Cartier", "boulevard Charest Est", "rue de la Couronne", "3e Avenue", "41e Rue Ouest",
    "rue King Ouest", "boulevard Talbot", "rue Racine Est", "boulevard Taschereau", "rue Notre-Dame Ouest", "chemin de Chambly",
    "rue des Érables", "rue Principale", "rang Saint-Joseph", "rang 4 Ouest", "chemin du Lac-à-la-Truite", "montée Masson",
    "rue de l'Église", "avenue Louis-Hémon", "rue Jean-Talon Ouest", "rue Fleury", "place des Lilas", "croissant du Boisé", "rue Wellington Sud",
    "impasse des Tourterelles", "terrasse Dufferin-Roy", "côte du Passage", "boulevard Curé-Labelle", "boulevard des Laurentides",
    "rue De La Gauchetière Ouest", "avenue De Lorimier", "rue Jarry Est", "boulevard Saint-Martin Ouest", "rue Papineau", "route 138",
    "route du Fleuve", "chemin des Patriotes", "rue Saint-Paul", "rue Girouard Ouest", "boulevard Labelle", "avenue Royale",
    "rue Frontenac", "rue Laviolette", "boulevard des Forges", "rue Saint-Germain Ouest", "avenue de la Cathédrale", "rue Brochu",
    "rue Perreault Est", "3e Avenue Ouest", "place Royale", "rue du Curé-Poirier Ouest", "allée des Brises-du-Fleuve", "rue Hochelaga",
    "boulevard Cité-des-Jeunes", "rue Dollard", "chemin Aylmer", "rue Eddy", "boulevard Gréber", "rue Lacasse", "rue Sainte-Cécile",
    "rue Murray", "Grande Allée Est", "petit rang Saint-François", "rue Adoncour", "rue d'Anvers", "rue Émile-Nelligan", "avenue Gérard-Filion",
    "carré Saint-Louis", "rue du Docteur-Wilfrid-Derome", "chemin Queen-Mary", "rue University", "avenue Wilson", "rue Rachel Est",
    "rue Bernard-Pilon", "boulevard Sir-Wilfrid-Laurier", "rue Aimé-Vincent", "chemin de la Côte-des-Neiges", "rue Masson", "rue Fabre",
)  # fmt: skip

ENGLISH_STREETS = (
    "Sherbrooke Street West", "Greene Avenue", "Main Street", "Church Street", "Lakeshore Road", "Maple Crescent", "Côte-St-Luc Road",
    "Cavendish Boulevard", "Decarie Boulevard", "Monkland Avenue", "St. Charles Boulevard", "Bourbonnais Lane", "Knowlton Road", "Queen Street",
    "Grand Boulevard", "Elm Avenue", "Sunnybrooke Blvd.", "Old Orchard Avenue", "Cedar Park Drive", "Stanstead Road",
)  # fmt: skip

BODIES = (
    "le ministère de la Santé et des Services sociaux", "le ministère de l'Éducation", "la Société de l'assurance automobile du Québec",
    "la Régie de l'assurance maladie du Québec", "Retraite Québec", "Revenu Québec", "le ministère de la Justice", "Services Québec",
    "la Commission des normes, de l'équité, de la santé et de la sécurité du travail", "le ministère des Transports et de la Mobilité durable",
    "la Régie du bâtiment du Québec", "le Tribunal administratif du logement", "la Commission d'accès à l'information", "le Protecteur du citoyen",
    "l'Office québécois de la langue française", "la Société d'habitation du Québec", "le Directeur de l'état civil", "Hydro-Québec",
    "le ministère de l'Immigration, de la Francisation et de l'Intégration", "le Secrétariat du Conseil du trésor", "Investissement Québec",
    "la Commission de la construction du Québec", "la Sûreté du Québec", "le Tribunal administratif du Québec", "la Ville de Longueuil",
)  # fmt: skip

# Places, institutions and things that carry the name of a person or a saint, or look as if they did: with their article.
BUILDINGS = (
    "l'Hôpital Maisonneuve-Rosemont", "l'Hôpital Charles-Le Moyne", "l'Hôpital Pierre-Boucher", "l'Hôpital Honoré-Mercier",
    "l'Hôpital Pierre-Le Gardeur", "le cégep Édouard-Montpetit", "le cégep Lionel-Groulx", "le collège Jean-de-Brébeuf",
    "le cégep André-Laurendeau", "le cégep Marie-Victorin", "l'école Paul-Gérin-Lajoie", "l'école Jeanne-Mance", "l'école Gabrielle-Roy",
    "l'école secondaire Louis-Joseph-Papineau", "le centre Marcel-De La Sablonnière", "la bibliothèque Gabrielle-Roy",
    "la bibliothèque Robert-Bourassa", "l'aréna Maurice-Richard", "l'édifice Marie-Guyart", "l'édifice Jean-Talon", "l'édifice Pamphile-Le May",
    "l'édifice André-Laurendeau", "le CHSLD Émilie-Gamelin", "le CHSLD Jean-Hubert-Biermans", "le CLSC Simonne-Monet-Chartrand",
    "la Maison Michel-Sarrazin", "le Centre Robert-Cliche", "le Centre Bell", "le cégep John Abbott", "le collège Vanier", "l'Hôpital Douglas",
    "l'Hôpital général juif Sir Mortimer B. Davis", "le stade Percival-Molson", "la Maison Jean Lapointe", "le CHU Sainte-Justine", "l'Université Laval",
    "le palais de justice de Saint-Jérôme", "la salle Wilfrid-Pelletier", "le Centre Pierre-Charbonneau", "le pavillon Alphonse-Desjardins",
    "le pavillon Charles-De Koninck", "l'Hôtel-Dieu de Lévis", "le CISSS de Chaudière-Appalaches", "le poste de police Saint-Michel",
    "la station Henri-Bourassa", "la station Lionel-Groulx", "l'aéroport Montréal-Trudeau", "l'aéroport Jean-Lesage", "le parc Jean-Drapeau",
    "le parc Michel-Chartrand",
)  # fmt: skip

ROADS = (
    "le pont Samuel-De Champlain", "le pont Jacques-Cartier", "le pont Pierre-Laporte", "le tunnel Louis-Hippolyte-La Fontaine",
    "le pont Honoré-Mercier", "l'autoroute Félix-Leclerc", "l'autoroute Robert-Bourassa", "l'autoroute Jean-Lesage", "l'autoroute Henri-IV",
    "la rue Sherbrooke", "la rue Saint-Denis", "le boulevard René-Lévesque", "la rue Jean-Talon", "l'avenue Christophe-Colomb",
    "le chemin de la Côte-Sainte-Catherine", "la place Émilie-Gamelin", "le parc Maurice-Richard", "le parc La Fontaine", "le boulevard Henri-Bourassa",
    "la route Marie-Victorin", "le chemin Queen-Mary", "la rue Amherst", "l'avenue Papineau", "le pont Alexandra", "la montée Saint-François",
    "le boulevard Wilfrid-Hamel", "la rue Émile-Journault", "le rond-point Dorval",
)  # fmt: skip

TOWNS = (
    "la circonscription de Louis-Hébert", "la circonscription de Marie-Victorin", "la circonscription de Jean-Talon", "la MRC de Marguerite-D'Youville",
    "la MRC de Robert-Cliche", "la municipalité de Saint-Louis-du-Ha! Ha!", "la ville de Sainte-Catherine-de-la-Jacques-Cartier",
    "la municipalité de Saint-Alexis-des-Monts", "la ville de Saint-Bruno-de-Montarville", "la paroisse de Sainte-Émélie-de-l'Énergie",
    "la ville de L'Ancienne-Lorette", "la municipalité de Saint-Adolphe-d'Howard", "la ville de Saint-Lambert", "la municipalité de Nédélec",
    "l'arrondissement de Rosemont–La Petite-Patrie", "l'arrondissement de Pierrefonds-Roxboro", "la région de Chaudière-Appalaches",
    "le secteur de Val-Bélair", "la municipalité de Sainte-Rose-du-Nord", "la ville de Donnacona", "la municipalité de Saint-Rémi-d'Amherst",
    "le canton d'Orford", "la ville de Thurso", "la réserve de Pikogan",
)  # fmt: skip

SCALES = (
    "l'échelle de Glasgow", "l'échelle de Braden", "l'échelle de Morse", "le test de Mantoux", "l'indice de Charlson", "le test de Folstein",
    "l'échelle de Borg", "le questionnaire de Beck", "l'indice d'Apgar", "la grille de Zarit", "le score de Wells", "l'échelle de Norton",
)  # fmt: skip

DISEASES = (
    "la maladie d'Alzheimer", "la maladie de Parkinson", "la maladie de Crohn", "le syndrome de Down", "la maladie de Lyme", "le syndrome de Gilles de la Tourette",
    "la maladie de Hodgkin", "le syndrome de Raynaud", "la chorée de Huntington", "la maladie de Ménière", "le syndrome de Guillain-Barré",
    "l'œsophage de Barrett",
)  # fmt: skip

CASES = (
    "l'arrêt Jordan", "l'arrêt Gladue", "l'arrêt Oakes", "l'arrêt Dunsmuir", "l'arrêt Vavilov", "la règle de Browne c. Dunn", "la commission Charbonneau",
    "la commission Laurent", "la commission Viens", "le rapport Parent", "le rapport Castonguay", "le rapport Gomery", "l'arrêt Morgentaler",
    "la doctrine Wigmore", "l'arrêt Ward", "l'ordonnance de type Norwich", "la procédure Garofoli", "l'enseignement de l'affaire Stinchcombe",
)  # fmt: skip

METHODS = (
    "le principe de Pareto", "le diagramme de Gantt", "la matrice d'Eisenhower", "le coefficient de Gini", "l'échelle de Beaufort", "l'échelle de Richter",
    "le test de Turing", "la loi de Moore", "l'algorithme de Luhn", "le code de Hamming", "la correction de Bonferroni", "la méthode Delphi",
    "la méthode de Monte-Carlo", "le prix Hubert-Reeves", "la médaille Lomer-Gouin", "la pédagogie Montessori", "le filtre de Bloom",
    "l'arbre de Merkle", "la courbe de Phillips", "le diagramme d'Ishikawa",
)  # fmt: skip

LAWS = (
    "la Loi sur l'accès aux documents des organismes publics et sur la protection des renseignements personnels (RLRQ, c. A-2.1)",
    "la Loi sur les services de santé et les services sociaux (RLRQ, c. S-4.2)", "la Loi sur l'instruction publique (RLRQ, c. I-13.3)",
    "la Loi sur la protection du consommateur (RLRQ, c. P-40.1)", "la Loi sur les accidents du travail et les maladies professionnelles",
    "le Code de la sécurité routière (RLRQ, c. C-24.2)", "la Loi sur l'assurance parentale (RLRQ, c. A-29.011)", "le Code civil du Québec",
    "la Charte de la langue française (RLRQ, c. C-11)", "la Loi sur la fonction publique (RLRQ, c. F-3.1.1)", "la Loi sur le régime de rentes du Québec",
    "la Loi sur les contrats des organismes publics (RLRQ, c. C-65.1)", "le Règlement sur les allocations d'aide à l'emploi",
    "la Loi sur l'aménagement et l'urbanisme (RLRQ, c. A-19.1)", "la Loi sur les cités et villes (RLRQ, c. C-19)", "la Loi sur la gouvernance et la gestion des ressources informationnelles (RLRQ, c. G-1.03)",
)  # fmt: skip

UNITS = (
    "Direction des communications", "Direction générale des services à la clientèle", "Direction des ressources humaines", "Bureau du sous-ministre",
    "Service de l'admissibilité", "Service des permis et inspections", "Direction de la vérification interne", "Greffe", "Service de la paie",
    "Direction de la protection de la jeunesse", "Secrétariat général", "Centre de communication avec la clientèle", "Service des archives",
    "Direction des affaires juridiques", "Direction des technologies de l'information", "Équipe de révision", "Service du recouvrement",
    "Direction de l'organisation scolaire", "Bureau des plaintes et de la qualité", "Service de l'urbanisme", "Service des travaux publics",
)  # fmt: skip

# his function, hers
TITLES = (
    ("agent d'indemnisation", "agente d'indemnisation"), ("agent de liaison", "agente de liaison"), ("technicien en administration", "technicienne en administration"),
    ("conseiller en gestion des ressources humaines", "conseillère en gestion des ressources humaines"), ("analyste en procédés administratifs", "analyste en procédés administratifs"),
    ("préposé aux renseignements", "préposée aux renseignements"), ("travailleur social", "travailleuse sociale"), ("infirmier clinicien", "infirmière clinicienne"),
    ("inspecteur municipal", "inspectrice municipale"), ("directeur adjoint", "directrice adjointe"), ("chef de service", "cheffe de service"),
    ("secrétaire de direction", "secrétaire de direction"), ("avocat", "avocate"), ("agent de rééducation", "agente de rééducation"), ("psychoéducateur", "psychoéducatrice"),
    ("ergothérapeute", "ergothérapeute"), ("enseignant", "enseignante"), ("greffier adjoint", "greffière adjointe"), ("conseiller d'orientation", "conseillère d'orientation"),
    ("agent de probation", "agente de probation"), ("évaluateur agréé", "évaluatrice agréée"), ("coordonnateur", "coordonnatrice"),
)  # fmt: skip

PUBLIC_OFFICES = (
    "1035, rue De La Chevrotière, Québec (Québec) G1R 5A5", "675, boulevard René-Lévesque Est, Québec (Québec) G1R 2B3",
    "1126, Grande Allée Ouest, Québec (Québec) G1S 1E7", "333, boulevard Jean-Lesage, Québec (Québec) G1K 8J6",
    "3800, rue de Marly, Québec (Québec) G1X 4A5", "525, boulevard René-Lévesque Est, Québec (Québec) G1R 5S9",
    "1200, route de l'Église, Québec (Québec) G1V 4M1", "2600, boulevard Laurier, Québec (Québec) G1V 4T3",
    "500, boulevard René-Lévesque Ouest, Montréal (Québec) H2Z 1W7", "1, rue Notre-Dame Est, Montréal (Québec) H2Y 1B6",
    "425, rue Jacques-Parizeau, Québec (Québec) G1R 4Z1", "150, boulevard René-Lévesque Est, Québec (Québec) G1R 5B1",
    "800, rue du Square-Victoria, Montréal (Québec) H4Z 1G8",
)  # fmt: skip

GENERIC_MAILBOXES = (
    "info@exemple.gouv.qc.ca", "renseignements@exemple.gouv.qc.ca", "service.clientele@ville.exemple.qc.ca", "accueil@cegep-exemple.qc.ca",
    "communications@exemple.quebec", "plaintes@exemple.gouv.qc.ca", "acces.information@exemple.gouv.qc.ca", "ne-pas-repondre@exemple.quebec",
    "greffe@ville.exemple.qc.ca", "admission@exemple.ca", "soutien.technique@exemple.quebec", "rh@exemple.gouv.qc.ca", "noreply@exemple.ca",
)  # fmt: skip

SERVICE_LINES = (
    "1 800 561-9749", "1 888 810-0707", "1 800 463-5185", "1 877 644-4545", "1-866-536-4636", "1 844 838-0808", "1 800 267-6299",
    "811", "911", "211", "311", "511", "988", "1 866 APPELLE", "1 833 515-0515", "1-855-266-0266", "800 361-4880",
)  # fmt: skip

MAIL_DOMAINS = (
    "gmail.com", "hotmail.com", "videotron.ca", "sympatico.ca", "outlook.com", "yahoo.ca", "icloud.com", "cgocable.ca", "bell.net", "me.com",
    "exemple.ca", "exemple.qc.ca", "telus.net", "live.ca", "protonmail.com",
)  # fmt: skip
