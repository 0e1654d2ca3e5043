"""What is looked for first: that without which a feature cannot be there.

Features that need like words share a gate (gates.py): one expression for five or ten of them, and a text in which
none of its words stands is not looked through for any. So an ordinary text costs twenty expressions instead of two
hundred, and an attack fifty. tests/test_prompt_scores.py proves from the parse trees of the patterns that no gate
keeps a feature out, and names those that one would.
"""

from __future__ import annotations

from clew.prompts.features.gates import GATES
from clew.prompts.features.hidden import HIDDEN

_PATTERNS = {feature.name: feature.patterns for feature in HIDDEN}

_SOME = 5
TRIGGERS = tuple("|".join(gate.words for gate in GATES[first::_SOME]) for first in range(_SOME))
"""All gates of what speaks for an attack in fewer expressions, for the many texts in which none is open.

Five, because RE2 is slow once its automaton is too large.
"""
_WHOLE = (
    "hex_order",
    "spelled_order",
    "leet_order",
    "order_in_signs",
    "order_run_together",
    "order_accented",
    "text_in_code",
)
_PARTED = ("rot13_order", "backwards_order")

WRITTEN_OTHERWISE = (*_WHOLE, *_PARTED)
"""The features that are looked for only where one of OTHERWISE is."""
OTHERWISE = (
    *(_PATTERNS[name][0] for name in _WHOLE),
    "|".join(_PATTERNS[name][0].split(r"[^\n]{0,60}")[0] for name in _PARTED),
)
"""For the plain text too: orders that are written in digits, signs, backwards and the like."""
RAW_TRIGGERS = "|".join(_PATTERNS[name][0] for name in ("base64_order", "text_in_base64"))
"""For the text as it stands, whose capitals count."""
FOREIGN = (
    r"[^\x00-\x7f]|\b(?:alle|alles|anweisungen|auf|aus|bist|dein[a-z]*|dem|der|dir|du|ein|eine|gib|hast|ich|ist|jetzt|keine|mich|mir|nicht|nun|nur|ohne|oben|und|was|von|zeig[a-z]*|vergiss|ignorier[a-z]*|"
    r"al|cual|cuales|de|del|dime|el|eres|esto|haz|las|lo|los|mi|mis|olvida|que|no hagas|es una|sin|sigue|su|sus|tu|tus|todas|todo|una|ahora|muestra|cette|ce|des|dis|donne|est|et|fais|je|les|mais|mets|ne|oublie[sz]?|ou|tes|toutes|vos|votre|"
    r"dame|zure|aurreko|guztiak|mostra'm|adesso|che|chi|dal|dei|delle|devi|dimentica|fingi|gli|hai|il|le|mostra[a-z]*|non|per|quali|sei|senza|tue|tutte|tuo|tutto|agora|aqui|acima|desta|deste|da|deixe|diga|esque[cs]a|meu|minha|mostre|nao|sem|seu|sua|suas|tudo|"
    r"aan|ben|boven|dat|een|en|geef|geen|jij|jouw|mij|negeer|niet|vanaf|vergeet|voor|wat|zonder|uw|jou|je|wie|hoe|naar|bez|ci|jest|masz|mnie|nie|od|pokaz|swoj[a-z]*|teraz|wszystki[a-z]*|zapomnij|zignoruj|beni|bir|bu|bana|goster|kural[a-z]*|onceki|sana|talimat[a-z]*|tum|unut|ve|yok|yaz|sen|artik|sistem|yang|kamu|anda|saya|aku|semua|jangan|mulai|tanpa|lupakan|abaikan|untuk|dan|prompt sistem|sebutkan|tampilkan|turuti|patuhi|hanya|zara|duzu|dizu[a-z]*|guzti[a-z]*|ez|eta|bakarrik|naiz|nire|niri|sistema[a-z]*|idatzi|erakutsi|els|les|tot|teves|amb|facis|ets|soc|oblida|fes|nomes|fai|che|xa|moi|toi|ton|ta|tienes|haz|esta|ahora|obedece|ti|te|wypisz|podaj|wyswietl)\b"
)
"""What speaks for a language other than English, in the plain text: letters, or small words."""
