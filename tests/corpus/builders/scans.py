# ruff: noqa: E501 - a sentence stays on its line
"""Text as it comes out of a scanner, a voice recogniser, a browser or a telephone."""

from tests.corpus.pen import RAW, Pen, builder
from tests.corpus.people import lower
from tests.corpus.typography import entities, wrapped

OCR = ("ocr",)


@builder("a", "numérisation", styles=OCR)
def scanned_letter(p: Pen) -> str:
    who, other = p.person(), p.person()
    text = f"""{p.pick("Monsieur le Directeur", "Madame la Directrice")},

{p.filler("opening")} Je soussigné{who.e}, {who.full()}, demeurant au {who.address()}, {p.pick("déclare avoir reçu", "certifie n'avoir jamais reçu")} la somme de {p.amount()}. {p.filler("finance")} Mon numéro d'assurance sociale est {who.sin()}.

{p.kin(other, "Mon frère/Ma sœur", "Mon fils/Ma fille")} {other.full()} peut en témoigner (tél. {other.phone()}).

{who.full()}"""
    return wrapped(text, p.number(48, 64))


@builder("b", "numérisation", styles=OCR)
def scanned_card(p: Pen) -> str:
    who = p.person()
    return f"""QUEBEC   PERMIS DE CONDUIRE   DRIVER'S LICENCE
4d NUMERO DE PERMIS  {who.licence()}
1. {who.capitals()}
8. {who.address(chr(10)).upper()}
3. DATE DE NAISSANCE {who.birth("iso")}      15 SEXE {who.sex}
4b EXPIRE LE {p.later():%Y-%m-%d}    5 N° REF {p.digits(9)}
9 CLASSE 5    16 TAILLE {p.number(150, 198)} cm    18 YEUX {p.pick("BRUN", "BLEU", "VERT")}"""


@builder("a", "dictée vocale", styles=("as-is",))
def voice_note(p: Pen) -> str:
    who, kin = p.person(), p.person()
    return f"""alors note pour le dossier {p.of(who.full())} date de naissance {who.birth("long")} j'ai vu {who.civility.lower().replace("mme", "madame").replace("m.", "monsieur")} {who.surname()} ce matin à la clinique {p.filler("health").lower()} il faut appeler {p.kin(kin, "son fils/sa fille", "son conjoint/sa conjointe")} {kin.full()} au {kin.phone()} pour le suivi et faxer la requête {p.a(p.building())} voilà c'est tout point"""


@builder("b", "clavardage", styles=("as-is", "unaccented"))
def text_messages(p: Pen) -> str:
    a, b = p.person(), p.person()
    at = p.hours(5)
    return f"""{at[0]} Salut {a.given()} c {b.given()}, jai perdu mon cell voici mon nouveau # {b.phone()}
{at[1]} ok! tu restes tjrs au meme endroit?
{at[2]} non on a demenage au {lower(b.street())} le mois passé
{at[3]} {p.pick("cool", "nice", "ah ben")}! envoie moi ton courriel pr le formulaire de la ville
{at[4]} {lower(b.email())} merci"""


@builder("a", "HTML", styles=RAW)
def html_page(p: Pen) -> str:
    who = p.person()
    return f"""<div class="fiche" data-id="{p.digits(9)}">
  <h2>{entities(who.full())}</h2>
  <p>{entities("Né" + who.e + " le ")}<time>{entities(who.birth("long"))}</time></p>
  <ul>
    <li>{entities("Téléphone")}&nbsp;: <a href="#">{who.phone()}</a></li>
    <li>Adresse&nbsp;: {entities(who.address())}</li>
    <li>NAM&nbsp;: {who.nam()}</li>
  </ul>
  <p class="note">{entities(p.filler("health"))}</p>
  <!-- build 4.2.0.{p.number(1, 99)} -->
</div>"""


@builder("b", "HTML", styles=RAW)
def html_email(p: Pen) -> str:
    who, agent = p.person(), p.person()
    return f"""<html><body style="font-family:Arial">
<p>{entities("Bonjour " + who.civility + " ")}{entities(who.surname())},</p>
<p>{entities(p.filler("opening") + " " + p.filler("process"))}<br/>{entities("Votre adresse au dossier : ")}{entities(who.address())}.</p>
<p>{entities(agent.full())}<br/>{entities(p.unit())}<br/>{agent.desk()}</p>
</body></html>"""


@builder("a", "numérisation", clean=True, styles=OCR)
def scanned_form_page(p: Pen) -> str:
    return f"""Page {p.number(1, 9)} de {p.number(10, 40)}        Formulaire {p.digits(3)}-{p.digits(4)} (2025-11)
DIRECTIVES POUR REMPLIR LE FORMULAIRE
Section A. Inscrire le Nom de l'Organisme et le Numéro de Dossier ({p.digits(9)}).
Section B. Joindre une Preuve de Résidence.
{p.filler("process", 1, 2)}
Section C. {p.filler("legal")}
Imprimé par les Publications du Québec, {p.building()}. Dépôt légal 2026."""


@builder("b", "HTML", clean=True, styles=RAW)
def html_help(p: Pen) -> str:
    return f"""<section id="aide">
<h1>Nous joindre</h1>
<p>{entities(p.fill("Composez le {line} ou écrivez à {box}. Nos bureaux : {office}."))}</p>
<p>{entities(p.filler("municipal", 1, 2))}</p>
<script src="/js/app.{p.rng.getrandbits(64):016x}.js"></script>
<footer>&copy; {entities("Gouvernement du Québec")}, 2026 &ndash; v{p.number(1, 9)}.{p.number(0, 9)}.{p.number(0, 9)}.{p.number(0, 9)}</footer>
</section>"""


@builder("b", "dictée vocale", lang="en")
def voicemail_english(p: Pen) -> str:
    who = p.person()
    return f"""Voicemail transcript ({p.number(20, 90)} s): hi this is {who.full()} calling about my {p.pick("appointment", "claim", "permit")} my date of birth is {who.birth("long")} uh you can call me back at {who.phone()} anytime after {p.number(9, 16)} thanks bye. {p.filler("process")}"""
