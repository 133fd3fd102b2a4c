"""The words around a name that say what it names: a person (titles, labels, kinship, functions), or a street, a school, a
law. Everything is folded (lower case, no accents), French and English together. *Data*.
"""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TITLES = _words(
    """m mm mme mmes mlle mlles me mes mre dr dre drs dres pr pre prof mr mrs ms miss monsieur madame mademoiselle
    messieurs mesdames maitre docteur docteure professeur professeure professor doctor mister sir lady lord capt sgt
    lt col gen caporal sergent sergente capitaine lieutenant lieutenante abbe frere soeur pere mere mgr hon honorable
    rev"""
)
# Written in full they are also used before a function (« Madame la Ministre ») and in salutations.
ABBREVIATED = _words("m mm mme mmes mlle mlles me mre dr dre drs dres pr pre mr mrs ms sgt capt mgr")

GREETINGS = _words("cher chere chers cheres bonjour bonsoir salut allo merci dear hello hi hey thanks coucou")

# After a name, these say « not a person »: X Boulevard, the X decision.
AFTER = _words(
    """street avenue boulevard blvd ave rd road drive lane court crescent highway bridge park school elementary secondary
    high hospital university college building tower library museum airport station lake river mountain island county
    district act bill award prize scholarship foundation institute centre center clinic pharmacy disease syndrome
    scale test decision case ruling coefficient algorithm check index theatre hall arena inc cup trophy parade salad
    meeting room rooms collection theorem constant unit edition version"""
)

PARTICLES = _words(
    """de du des d la le les l van von der den ter ten di da do dos das del della delle dello el al bin bint ben ibn abu
    abou abd ould ait mac mc st ste saint sainte y e vande vander zu zum af lo"""
)

# Before a name, these say « a person »: la ministre X, ma fille X, le patient X, famille X, dossier X.
PERSONS = _words(
    """ministre depute deputee maire mairesse juge greffier greffiere procureur procureure avocat avocate notaire
    huissier huissiere agent agente technicien technicienne analyste conseiller conseillere directeur directrice
    gestionnaire coordonnateur coordonnatrice coordonatrice superviseur superviseure chef cheffe adjoint adjointe
    secretaire commis prepose preposee intervenant intervenante travailleur travailleuse educateur educatrice
    enseignant enseignante professeur professeure infirmier infirmiere medecin pharmacien pharmacienne psychologue
    psychiatre dentiste ergotherapeute physiotherapeute orthophoniste inspecteur inspectrice enqueteur enqueteuse
    enquetrice policier policiere constable sergent detective president presidente vice-president vice-presidente
    premier-ministre sous-ministre commissaire mediateur mediatrice arbitre evaluateur evaluatrice verificateur
    verificatrice ingenieur ingenieure architecte candidat candidate stagiaire etudiant etudiante eleve enfant fils
    fille mari femme epoux epouse conjoint conjointe mere pere frere soeur oncle tante cousin cousine neveu niece
    grand-mere grand-pere parent tuteur tutrice curateur curatrice ami amie collegue voisin voisine patron patronne
    patient patiente client cliente usager usagere resident residente beneficiaire demandeur demanderesse defendeur
    defenderesse requerant requerante plaignant plaignante intime intimee accuse accusee victime temoin assure assuree
    prestataire contribuable citoyen citoyenne locataire proprietaire locateur employe employee salarie salariee
    retraite retraitee prevenu prevenue detenu detenue participant participante invite invitee famille succession
    dossier nomme nommee nommes prenomme prenommee denomme denommee appele appelee defunt defunte feu veuf veuve
    neonata bebe jumeau jumelle collaborateur collaboratrice consultant consultante developpeur developpeuse formateur
    formatrice animateur animatrice responsable repondant repondante titulaire signataire auteur auteure autrice
    redacteur redactrice traducteur traductrice father mother brother sister son daughter husband wife spouse uncle
    aunt nephew student minister mayor judge officer analyst director manager supervisor nurse teacher colleague
    friend neighbour neighbor tenant landlord applicant claimant plaintiff defendant respondent witness citizen family
    estate named called coordinator counsellor counselor advisor adviser lawyer notary physician sergeant caller
    appelant appelante suspect suspecte contrevenant contrevenante cotisant cotisante accompagnateur accompagnatrice
    remplacant remplacante visiteur visiteuse locatrice"""
)

# Before a name, these say « not a person »: rue X, école X, loi X. HARD ones do whatever the name looks like; with SOFT
# ones, a given name and a surname with a space between them are still a person (« le bureau de Julie Tremblay »).
HARD = _words(
    """rue rues r avenue avenues av ave boul boulevard boulevards blvd bd chemin chemins ch route routes rte rang montee
    cote ruelle impasse allee croissant terrasse promenade place placette square carre rond-point carrefour pont ponts
    viaduc tunnel echangeur autoroute autoroutes aut traverse quai parc parcs jardin jardins bois foret boise sentier
    piste ecole ecoles college colleges cegep cegeps lycee universite campus pavillon faculte polytechnique academie
    externat hopital hopitaux chsld clsc chu chum cusm centre centres clinique cliniques chuq csss ciusss cisss manoir
    arena arenas stade aquatique piscine gymnase patinoire colisee amphitheatre complexe auditorium theatre cinema
    salle bibliotheque bibliotheques musee musees edifice edifices immeuble immeubles tour tours gratte-ciel barrage
    centrale reservoir lac lacs riviere rivieres ruisseau fleuve baie anse ile iles mont monts montagne colline cap
    pointe chute chutes vallee canton cantons seigneurie ville villes village municipalite paroisse arrondissement
    quartier secteur district comte mrc circonscription circonscriptions region metro station stations gare aeroport
    terminus port phare cathedrale basilique eglise chapelle oratoire cimetiere monastere couvent temple mosquee
    synagogue loi lois projet arret arrets affaire reglement charte code traite convention protocole accord plan prix
    bourse bourses concours trophee medaille ordre fondation fondations chaire institut instituts coupe tournoi
    commission commissions rapport enquete comite maladie maladies syndrome syndromes symptome test tests echelle
    indice score methode manoeuvre reflexe theoreme formule virus bacterie anemie lymphome sarcome tumeur pharmacie
    pharmacies restaurant librairie editions garage boutique magasin epicerie boulangerie patisserie marche entreprise
    entreprises compagnie societe societes cie groupe cabinet firme banque caisse caisses assurance assurances statue
    buste monument hotel hotels auberge motel residence residences street st road rd drive dr lane court crescent
    highway hwy bridge park school schools university hospital building tower library museum airport lake river mount
    mountain island city town county act bill award prize scholarship foundation institute chair disease scale
    pharmacy clinic inc ltee ltd logiciel application systeme plateforme produit modele navire bateau traversier avion
    operation ouragan matrice coefficient procedure procede algorithme principe paradoxe chorée choree cirrhose
    fracture canal trompe facteur regle critere criteres ordonnance reserve tempete recette opus film roman livre
    oeuvre revue journal suite marque portail outil messe storm hurricane cyclone cup serveur gamme race espece
    paruline bruant pizza sandwich salade gateau creme sauce tarte crepe potage oeuf jugement effet clause theorie
    hypothese courbe grille pyramide diagramme equation constante triangle cycle correspondance"""
)
SOFT = _words(
    """rue rues chemin place residence residences cabinet groupe societe comite rapport centre bureau bureaux maison
    maisons secteur projet plan salle enquete affaire immeuble compagnie entreprise clinique boutique garage magasin
    restaurant livre film roman accord dossier equipe ferme dr court chair application systeme marche test score
    caisse tour parc jardin cote mont port revue journal oeuvre protocole"""
)
# Words that may stand between such a word and the name.
BETWEEN = _words(
    """de du des d la le les l a au aux en the of dit dite general generale regional regionale public publique municipal
    municipale secondaire primaire elementaire polyvalente professionnelle hospitalier hospitaliere universitaire
    communautaire sportif culturel culturelle national nationale provincial provinciale federal federale memorial
    litteraire scientifique international internationale juif elementary high secondary community saint sainte st ste
    est ouest nord sud hebergement soins sante readaptation jeunesse loisirs recherche excellence medicale medical
    famille formation adultes cyclable lineaire industriel commercial arret royale royal interieur interieure nouvelle
    nouveau sir ancien ancienne vieux vieille petit petite grand grande"""
)
LINKS = _words("de du des d of the la le les l")

# A label that ends with a colon: whom it announces.
LABELS = _words(
    """nom noms prenom prenoms name names surname firstname lastname fullname client cliente patient patiente demandeur
    demanderesse requerant requerante employe employee signataire signature signe signee titulaire beneficiaire
    repondant repondante responsable contact contacts interlocuteur interlocutrice destinataire destinataires
    expediteur expeditrice de from to cc cci bcc attention attn auteur auteure redige redigee prepare preparee
    approuve approuvee revise revisee verifie verifiee recu recue soumis soumise medecin infirmier infirmiere
    pharmacien pharmacienne intervenant intervenante agent agente conseiller conseillere gestionnaire superviseur
    superviseure directeur directrice avocat avocate procureur notaire juge temoin temoins plaignant plaignante
    victime accuse eleve etudiant etudiante enseignant enseignante parent parents pere mere tuteur tutrice conjoint
    conjointe epoux epouse enfant enfants fils fille locataire locateur proprietaire acheteur acheteuse vendeur
    vendeuse assure assuree contribuable usager usagere resident residente candidat candidate present presents
    presente absents participants participantes invites secretaire president presidente technicien technicienne
    analyste citoyen citoyenne personne mandataire heritier heritiere liquidateur liquidatrice defunt defunte inscrit
    correspondant assigne assignee adjoint adjointe adressee adresse chef coordonnateur coordonnatrice user
    utilisateur utilisatrice author owner applicant claimant tenant landlord student witness prepared approved
    reviewed signed attendees caller appelant appelante remplacant remplacante dossier dossiers suivi par by pour
    visiteur visiteuse chauffeur conducteur conductrice travailleur travailleuse prete-nom identite"""
)
NOT_LABELS = _words(
    """ecole etablissement hopital organisme organisation entreprise compagnie societe rue adresse_postale ville
    municipalite medicament produit projet programme cours fichier document service direction ministere unite systeme
    application logiciel domaine poste titre objet sujet lieu pays province region langue date formulaire base table
    champ variable commerciale commercial corporatif company organization school file project product city street
    address usager_ti adresse courriel telephone email phone employeur employer commerce marque modele banque plan
    reunion salle numero no id animal chien chat race couleur civil civile statut sexe religion profession emploi
    metier citoyennete nationalite genre categorie type motif raison mention note nature lundi mardi mercredi jeudi
    vendredi samedi dimanche monday tuesday wednesday thursday friday saturday sunday menu"""
)

# What a person has: « la réponse de Martin », not « la paruline de Wilson ».
OWNED = _words(
    """reponse message courriel mot note appel lettre demande dossier anniversaire nom prenom maison chambre bureau
    fichier photo voix sante conge absence depart retour rencontre plainte avis opinion commentaire part garde classe
    place tour signature adresse numero telephone compte paiement cheque salaire poste emploi horaire agenda visite
    arrivee cote maladie accident etat situation cas histoire temoignage version declaration consentement accord refus
    evaluation bulletin devoir travail projet idee question suggestion initiative equipe groupe direction supervision
    remplacement presence mother father mom dad file request email letter name address phone call birthday behalf
    because"""
)

# Capitals that may begin a sentence right before a name, as a common noun may not (« Hier Julie », not « Sandwich Reuben »).
OPENERS = _words(
    """quand mais et selon pour avec hier aujourd'hui demain puis alors comme si que donc or car chez sans depuis lorsque
    ensuite enfin when but and for with yesterday today then oui non ok bref sinon aussi merci de a voici voila re tr
    objet signe signee par bonjour bonsoir salut allo cher chere hello hi hey dear thanks this is ask tell call see"""
)

# In lower case, right before a given name in lower case.
LOWER_BEFORE = _words(
    """c'est cest c avec chez moi avertir prevenir aviser rappeler appeler contacter joindre par pour ici est et and with
    from salut bonjour bonsoir allo hi hello hey merci cher chere dear thanks cc"""
)

# Right before a name, without a colon. After the first, an unknown word with a capital is a name; after the second, one of
# the lists is.
ANNOUNCED = re.compile(
    r"(?:je m'appelle|je me nomme|soussignee?s?|s'appelle|se nomme|se prenomme|mon nom est|my name is|name is|\bi am|this is"
    r"|signee?s? par|signee?|l'attention de|l'intention de|\ba/s(?: de)?|representee?s? par|l'entremise de"
    r"|(?:fils|fille|epouse|epoux|conjointe?|veuve|veuf|mere|pere|frere|soeur|tuteur|tutrice) d(?:e |'))\s*,?\s*$"
)
GREETED = re.compile(
    r"(?:\bje suis|\bc'est|\bici|\b(?:part|dossier|demande|nom|decision|courriel|appel|lettre|plainte|remplacement|depart"
    r"|arrivee|absence|adresse|compte|etat|situation|temoignage|signature|parents?|bureau) d(?:e |')|bonjour|bonsoir|salut"
    r"|\ballo|\bchere?s?|\bhi|hello|\bdear|\bhey|merci|thanks|thank you|\bpar|\bavec|\bchez|\bwith|\bby|contact(?:er|ez)"
    r"|joindre|appel(?:er|ez)|rencontrer?|aviser|informer|cordialement|salutations|regards|sincerely)[\s,.!]*$"
)
# Those after which even a lower-case word is a name.
_LOWER = r"[a-zà-öø-ÿ]+(?:[-'’][a-zà-öø-ÿ]+)*"
SAID = re.compile(
    r"(?:j[e']? ?m['’ ]?app?el+e?|je me nomme|mon nom est|mon nom c['’]est|mon nom complet est|\bnom complet\s*[:=]"
    r"|my (?:full )?name is|\b(?:pr[eé])?nom(?: et pr[eé]nom| de famille| complet| et nom)?\s*[:=]"
    r"|\b(?:full |last |first )?name\s*[:=]|\bsign[eé]e?\s*:)\s*"
    rf"(?P<name>{_LOWER}(?:[ \u00a0]{_LOWER}){{0,3}})",
)
# Before two words in lower case of which a list of names has one: « demandeur : jp gagnon ».
LABELLED = re.compile(
    r"\b(?:demandeu(?:r|se)|demanderesse|usag(?:er|[eè]re)|cliente?|patiente?|employ[eé]e?|citoyen(?:ne)?|locataire|enfant"
    r"|plaignante?|requ[eé]rante?|b[eé]n[eé]ficiaire|[eé]l[eè]ve|[eé]tudiante?|parent|m[eè]re|p[eè]re|conjointe?|titulaire"
    r"|signataire|responsable|personne(?:[ -]ressource)?|contact|applicant|claimant|tenant|student|employee|customer|user)"
    r"\s*[:=]\s*"
    rf"(?P<name>{_LOWER}(?:[ \u00a0]{_LOWER}){{1,3}})",
)

# Right after a name: a company, a case at law.
COMPANY = re.compile(
    r"\s*,?\s*(?:inc\b|lt[eé]e\b|ltd\b|enr\b|s\.?e\.?n\.?c|s\.?a\.?r\.?l|llp\b|llc\b|corp\b"
    r"|(?:et|&|and)\s+(?:associ|fils\b|fr[eè]res\b|cie\b|sons\b|partners)|&)",
    re.IGNORECASE,
)
CASE_AFTER = re.compile(r"\s+(?:c\.|v\.|vs\.?)\s")
CASE_BEFORE = re.compile(r"\s(?:c\.|v\.|vs\.?)\s+$")
CITATION = re.compile(r"[\[(](?:1[89]|20)\d\d[\])]|\b(?:19|20)\d\d\s+(?:QC|CSC|SCC|CF|CAF)|\bR\.?C\.?S\b|\bC\.?S\.?C\b")

# Those who serve the public: their name, title and function are public (A-2.1, art. 57).
PUBLIC = _words(
    """ministre depute deputee maire mairesse juge greffier greffiere sous-ministre commissaire prefet prefete directeur
    directrice president presidente vice-president vice-presidente chef cheffe conseiller conseillere agent agente
    analyste technicien technicienne inspecteur inspectrice coordonnateur coordonnatrice secretaire adjoint adjointe
    gestionnaire procureur procureure registraire archiviste protecteur protectrice verificateur verificatrice"""
)
