"""EMAIL_ADDRESS: addresses of people; mailboxes of a service (info@, renseignements@) are recognised as not personal.

Source: RFC 5321 and 5322, the dot-atom form that people use; also `nom (at) domaine`, `nom [arobase] domaine`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.privacy.recognizers.candidate import Candidate, Recognizer
from gateway.privacy.recognizers.view import View

AT = re.compile(
    r" {0,2}@ {0,2}|[ ]?[(\[{<][ ]?(?:at|arobase|arobas|a commercial)[ ]?[)\]}>][ ]?| arobase |"
    r" at (?=[a-z0-9\-]{1,40} dot )"
)
SPOKEN = re.compile(r"(?<![a-z0-9])(?:[a-z0-9_\-]{1,30} (?:point|dot|tiret) ){1,3}[a-z0-9_\-]{1,30}\Z")
DOMAIN = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?(?:\.| ?[(\[](?:point|dot)[)\]] ?| (?:point|dot) )){1,6}"
    r"[a-z]{2,24}(?![a-z0-9\-])"
)
LOCAL = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.!#$%&'*+?^_`~-")
EDGE = ".!#$%&'*/=?^`{|}~-"
NOT_DOMAINS = frozenset("png jpg jpeg gif svg webp css js ts py md txt pdf html json xml csv".split())
SERVICES = frozenset(
    """info infos information informations renseignement renseignements contact contacts support soutien aide help
    helpdesk service services client clients clientele sac accueil reception admin administration administrateur
    webmestre webmaster web postmaster hostmaster abuse noreply reply repondre donotreply mailer daemon communication
    communications media medias presse press rh hr ressources humaines dotation emploi emplois carriere carrieres
    recrutement facturation facture factures comptabilite comptes payables payable approvisionnement
    approvisionnements achats ventes marketing direction secretariat greffe greffier plainte plaintes commentaire
    commentaires securite security ti tic informatique dsi dpo prp vieprivee privacy acces accesinformation bureau
    citoyen citoyens equipe team hello bonjour allo sales billing jobs careers office mail courriel courrier
    inscription inscriptions admission admissions registraire bibliotheque urgence urgences permis urbanisme taxation
    taxes evaluation loisirs travaux publics newsletter infolettre alerte alertes notification notifications root git
    adoption consultation consultations formation formations evenement evenements stage stages bourses subvention
    subventions projets projet programme programmes immigration depot offres soumission soumissions appels archives
    documentation ia conseil comite gouvernance vigie questions question enquete enquetes sondage statistiques
    recherche ethique qualite protection donnees incident incidents vente abonnement abonnements location reservation
    reservations mairie ville municipalite csp cai saaq ramq sante enregistrement boite generale general demandes
    demande
    """.split()
)
FILLERS = frozenset(
    """
        de des du la le les a et l d en au aux no ne pas not do the of qc quebec mtl montreal region
        regional general ca gouv nepas
    """.split()
)
STEMS = tuple(
    """
        renseign information noreply nepasrepondre communic secretari ressourceshum comptab factur
        approvision inscription admission plainte webmest acces serviceclient servicesclient serviceala
        servicesaux infolettre relationscitoyen protectiondes soutien bureaudu centredeservice assistance
    """.split()
)
SPLIT = re.compile(r"[._+\-0-9]+")


def find(view: View) -> Iterator[Candidate]:
    """Around each at sign, or what stands for one."""
    folded = view.folded
    if (
        "@" not in folded
        and "arobas" not in folded
        and "(at)" not in folded
        and "[at]" not in folded
        and " dot " not in folded
    ):
        return
    for match in AT.finditer(folded):
        domain = DOMAIN.match(folded, match.end())
        if domain is None or domain[0].rpartition(".")[2] in NOT_DOMAINS:
            continue
        start = low = match.start()
        while start > 0 and low - start < 64 and folded[start - 1] in LOCAL:
            start -= 1
        if spoken := SPOKEN.search(folded, max(0, start - 80), low):
            start = spoken.start()
        local = folded[start:low]
        start += len(local) - len(local.lstrip(EDGE))
        local = local.strip(EDGE)
        if local and folded[start - 1 : start] != "/":
            yield Candidate(start, domain.end(), "SERVICE_MAILBOX" if is_service(local) else "EMAIL_ADDRESS", 0.95)


def is_service(local: str) -> bool:
    """Whether the part before the at sign names a service, not a person."""
    words = [word for word in SPLIT.split(local) if word]
    if not words:
        return True
    if any(word.startswith(STEMS) for word in words):
        return True
    return any(word in SERVICES for word in words) and all(word in SERVICES or word in FILLERS for word in words)


RECOGNIZER = Recognizer(("EMAIL_ADDRESS",), "RFC 5321, RFC 5322", ("courriel", "email"), find, digit=False)
