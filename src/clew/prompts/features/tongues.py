"""The words of attacks in twenty languages other than English, one row a language: families.py makes features of them.

Another language is another row.
"""

from __future__ import annotations

from dataclasses import dataclass

_S = r"[^.!?\n]{0,24}"
_NEAR = r"[^。！？.!?\n]*"
"""The gap where words are not parted by spaces."""


@dataclass(frozen=True, slots=True)
class Tongue:
    """The words of one language, each an expression for the plain text.

    drop     forget, ignore, do not heed: as an order
    told     what you were told, what stands above
    rules    nouns of instructions, told to be the model's own or earlier ones
    show     show, print, repeat, write: as an order
    own      the system prompt, your instructions, hidden instructions
    become   from now on you are, you play, become
    wild     without rules, limits or censorship; answers all; never refuses
    rank     I am your developer
    off      filters and checks put off
    obey     only my orders
    reader   to the assistant that reads this
    unseen   do not tell the user, do not mention this
    void     is void, does not hold any more
    kept     what you may not tell me
    gap      what may stand between two of them
    """

    drop: str
    told: str
    rules: str
    show: str
    own: str
    become: str
    wild: str
    rank: str
    off: str
    obey: str
    reader: str
    unseen: str
    void: str
    kept: str
    gap: str = _S


ROMANCE = (
    Tongue(  # Spanish
        r"\b(?:ignora|ignore|olvida|olvídate de|olvide|no (?:hagas|haga) (?:ningún )?caso (?:a|de|al)|haz caso omiso de|no tengas en cuenta|no (?:sigas|obedezcas|respetes)|descarta|desobedece|sáltate|prescinde de)\b",
        r"\b(?:todo|nada|cuanto|aquello)(?: de)?(?: lo)? que (?:te|has|tu|el desarrollador|se te)\b|\blo que te (?:dijeron|han|pidieron|ordenaron|mandaron)\b|\btodo lo que[^.!?\n]{0,12}\bte (?:escrib|dij|mand|orden|ense)\S*",
        r"\b(?:tus|todas tus|sus) (?:\S+ )?(?:instrucciones|normas|reglas|órdenes|directrices|restricciones|límites)\b|\b(?:instrucciones|normas|reglas|órdenes|directrices|indicaciones) (?:\S+ )?(?:anteriores|previas|iniciales|de arriba|de antes|del sistema|que te|que recibiste)\b",
        r"\b(?:muestra|muéstrame|enseña|enséñame|dime|dame|imprime|repite|escribe|copia|revela|reproduce|transcribe|enumera|pega|vuelca|lee)\b",
        r"\b(?:tu|tus|el|las) (?:\S+ )?(?:prompt|mensaje|texto|instrucciones) (?:de|del) (?:sistema|inicio)\b|\binstrucciones (?:ocultas|internas|secretas|iniciales|originales|de sistema)\b|\btu (?:prompt|configuración interna|configuración inicial)\b|\b(?:texto|mensaje|instrucciones) que (?:recibiste|te dieron|hay antes)\b",
        r"\b(?:a partir de ahora|desde ahora|desde este momento|de ahora en adelante)\b[^.!?\n]{0,12}\b(?:eres|serás|te llamas|actúas)\b|\b(?:eres|serás|interpreta a|haz de|actúa como|imagina que eres|finge que eres|te convertirás en)\b|conviértete en|transfórmate en|no salgas del papel|mantente en (?:el )?(?:papel|personaje)",
        r"\bsin (?:\S+ )?(?:ni )?(?:límites|reglas|normas|filtros?|censura|restricciones|moral|ética|advertencias)\b|\b(?:contestas?|respondes?) (?:a )?(?:todo|cualquier)\b|\bnunca (?:te niegas|se niega|rechaza)\b|\bno existen (?:leyes|reglas|normas)\b|\btu versión (?:\S+ )?(?:sin censura|sin filtros?|libre|malvada)\b",
        r"\b(?:soy|habla|aquí) (?:\S+ )?(?:administrador|desarrollador|creador|programador|operador|equipo de seguridad|dueño)\b",
        r"\b(?:desactiva|apaga|quita|deshabilita|elimina|anula)\b[^.!?\n]{0,16}\b(?:filtros?|controles|restricciones|protecciones|seguridad|censura)\b",
        r"\bhaz (?:sola|única)mente lo que\b|\bobedece (?:sola|única)mente\b|\bobedéceme\b|\b(?:sola|única)mente (?:a )?(?:mis órdenes|lo que yo|a mí)\b|\bahora mando yo\b",
        r"\b(?:nota|mensaje|instrucci[óo]n|aviso|atención)?\s?(?:para|al|a) (?:el |la |cualquier |todo )?(?:asistente(?: automático| virtual| de ia)?|ia|modelo(?: de lenguaje)?|agente(?: de ia)?|bot|sistema automático) (?:que (?:lea|lee|procese|resuma)|automático)|\b(?:nota|mensaje|instrucción) para (?:el |la )?(?:asistente|ia|modelo|bot|agente)\b",
        r"\bno (?:se lo digas|digas nada|menciones|avises|informes|lo comentes)\b|\bsin (?:avisar|decir|mencionar|revisar|comprobar)",
        r"\b(?:anulad[oa]s?|sin efecto|no (?:vale|cuenta|sirve)n? (?:ya|nada)?|ya no (?:vale|cuenta|rige)n?|caducad[oa]s?)\b",
        r"\b(?:no (?:puedes|debes) (?:decir|contar|revelar|compartir|hablar)|te (?:han )?(?:prohib\S+|vetado|impiden|impide)[^.!?\n]{0,12}(?:decir|contar|hablar|revelar))",
    ),
    Tongue(  # Portuguese
        r"\b(?:ignore|ignora|esque[cç]a|esquece|desconsidere|desconsidera|descarte|não (?:siga|obedeça|respeite|leve em conta|cumpra)|deixe de lado)\b",
        r"\b(?:tudo|nada|aquilo)(?: d?o)? que (?:te|lhe|você|o desenvolvedor|foi)\b|\bo que (?:te|lhe|o desenvolvedor|a empresa) (?:disse|disseram|escreveu|mandou|mandaram|ensinaram|pediram)\b|\btudo o que[^.!?\n]{0,12}\bte (?:escrev|diss|mand|ensin)\S*",
        r"\b(?:suas|tuas) (?:\S+ )?(?:instruções|regras|normas|ordens|diretrizes|restrições)\b|\b(?:instruções|regras|normas|ordens|diretrizes|orientações) (?:\S+ )?(?:anteriores|prévias|iniciais|acima|de antes|do sistema|que (?:você )?recebeu|recebidas)\b",
        r"\b(?:mostre|mostra|diga|exiba|imprima|repita|escreva|copie|revele|reproduza|transcreva|liste|cole|leia)\b",
        r"\b(?:seu|teu|o) (?:\S+ )?prompt\b|\bprompt d[eo] sistema\b|\b(?:mensagem|texto) d[eo] sistema\b|\binstruções (?:ocultas|internas|secretas|iniciais|originais)\b|\btexto que (?:você )?recebeu\b",
        r"\b(?:a partir de agora|de agora em diante)\b[^.!?\n]{0,12}\b(?:você|és|seu nome|aja)\b|\b(?:você é|finja (?:que|ser)|aja como|interprete|imagine que você é|responda)\b|vire o|torne-se|transforme-se em|não saia do (?:papel|personagem)",
        r"\bsem (?:\S+ )?(?:limites|regras|filtros?|censura|restrições|restrição|moral|ética|avisos)\b|[\"“']sem filtro[\"”']|\bresponde (?:a )?(?:tudo|qualquer)\b|\bnunca (?:se recusa|recusa)\b|\bfiltros (?:estão )?deslig\S+\b|\bnão existem (?:leis|regras)\b|\bsua versão (?:\S+ )?(?:sem censura|sem filtros?|livre|malvada)\b",
        r"\b(?:sou|aqui é|aqui fala) (?:\S+ )?(?:administrador|desenvolvedor|criador|programador|operador|equipe de segurança|dono)\b",
        r"\b(?:desative|desligue|remova|desabilite|retire|anule)\b[^.!?\n]{0,16}\b(?:filtros?|controles|restrições|proteções|segurança|censura)\b|\bfiltros (?:estão )?deslig",
        r"\b(?:obedeça|obedece|siga|escute)(?: apenas| só| somente)?(?: a)? (?:mim|a mim|minhas ordens)\b|\b(?:apenas|só|somente) (?:as minhas ordens|o que eu)\b",
        r"\b(?:nota|mensagem|instrução|aviso|atenção)?\s?(?:para|ao|à) (?:o |a |qualquer )?(?:assistente(?: automático| virtual| de ia)?|ia|modelo(?: de linguagem)?|agente(?: de ia)?|bot) que (?:ler?|lê|processar?|resumir?)|\b(?:nota|mensagem|instrução) para (?:o |a )?(?:assistente|ia|modelo|bot|agente)\b",
        r"\bnão (?:conte|diga nada|mencione|avise|informe|comente)\b|\bsem (?:avisar|dizer|mencionar|verificar|revisar)",
        r"\b(?:anulad[oa]s?|sem efeito|não (?:vale|conta)m? mais|já não (?:vale|conta)m?)\b",
        r"\b(?:você )?não (?:pode|deve) (?:dizer|contar|revelar|falar|compartilhar)\b|\bte proib\S+[^.!?\n]{0,12}(?:dizer|contar|falar|revelar)|\bproibid[oa] de (?:me )?(?:dizer|contar|falar)",
    ),
    Tongue(  # French
        r"\b(?:ignore[zs]?|oublie[zs]?|laisse[zs]? tomber|ne (?:tiens|tenez) (?:pas|plus) compte (?:de|des|du)|fai(?:s|tes) abstraction (?:de|des|du)|n'(?:écoute|obéi)\S* (?:pas|plus)|ne (?:suis|suivez|respecte[zs]?|prends|prenez) (?:pas|plus)|mets de côté)\b",
        r"\btout ce (?:que|qu')\s?(?:l'|on |ils |le développeur|tu |t'|te )|\bce qu'on t'a (?:dit|ordonné|appris|demandé)\b|\btout ce que[^.!?\n]{0,16}\bt'a (?:écrit|dit|ordonné|appris)\b",
        r"\b(?:tes|vos) (?:\S+ )?(?:instructions|consignes|règles|ordres|directives|restrictions)\b|\b(?:instructions|consignes|règles|ordres|directives) (?:\S+ )?(?:précédentes|antérieures|ci-dessus|initiales|d'avant|du système|que tu as|qu'on t)|\b(?:consignes|instructions|règles) (?:que tu as )?reçues\b",
        r"\b(?:montre|affiche|dis|donne|imprime|répète|écris|copie|recopie|révèle|reproduis|transcris|liste|colle|lis)(?:-moi|z)?\b",
        r"\b(?:ton|tes|votre|vos|le|les) (?:\S+ )?(?:prompt|message|texte|instructions|consignes|invite) (?:de |du )?système\b|\b(?:instructions|consignes|règles) (?:cachées|internes|secrètes|initiales|d'origine)\b|\bton (?:prompt|invite|message initial)\b|\b(?:instructions|consignes|texte)[^.!?\n]{0,12}(?:t'ont été|t'a été|qu'on t'a|reçu(?:es)? avant)",
        r"\b(?:désormais|à partir de maintenant|dorénavant|dès maintenant)\b[^.!?\n]{0,12}\b(?:tu|vous)\b|\btu (?:es|joues|incarnes|deviens|seras)\b[^.!?\n]{0,16}|\b(?:imagine que tu es|fais comme si|joue le rôle|réponds comme)\b|deviens|transforme-toi en|ne (?:quitte|sors) pas (?:ce|ton|du|de ton) (?:rôle|personnage)",
        r"\bsans (?:\S+ )?(?:ni )?(?:limites?|règles?|filtres?|censure|restrictions?|morale|éthique|tabous?|avertissements?)\b|\br[ée]pond(?:s|ant)? à tout\b|\bne refuse[sz]? (?:jamais|rien)\b|\bjamais (?:refuser|de refus)\b|\bta version (?:\S+ )?(?:non censurée|sans filtre|libre|maléfique)\b",
        r"\bje suis (?:\S+ )?(?:administrateur|développeur|créateur|programmeur|opérateur)\b|\bici l'équipe\b|\bl'équipe de (?:sécurité|développement)\b",
        r"\b(?:désactive|coupe|enlève|supprime|retire|débranche)[zs]?\b[^.!?\n]{0,16}\b(?:filtres?|contrôles|restrictions|protections|sécurité|censure)\b|\bmode (?:débogage|développeur|maintenance|administrateur)\b",
        r"\bobéi(?:s|ssez) (?:uniquement|seulement) (?:à )?(?:moi|mes ordres)\b|\bobéis-moi\b|\b(?:seulement|uniquement) (?:à )?(?:mes ordres|moi)\b",
        r"\b(?:note|message|instruction|consigne|avis) (?:pour|à) (?:l'|le |la |tout |toute )?(?:assistante?|ia|modèle|agent|bot|chatbot)\b|\bà (?:l'|toute? )(?:assistant|ia|agent)\S* qui (?:lit|lira|traite|résume)",
        r"\bne (?:le dis|dis rien|parle[zs]? pas|mentionne[zs]? pas|préviens|prévenez|le signale)\b|\bsans (?:le dire|prévenir|vérif\S+|mentionner)",
        r"\b(?:nul(?:le)?s?|annulé(?:e|es|s)?|sans effet|ne (?:compte|vaut|vaux|tient) plus|caduc)\b",
        r"\b(?:t'a|t'a-t-on|vous a-t-on|on t'a) (?:interdit|défendu)[^.!?\n]{0,12}(?:dire|révéler|parler)|\btu (?:ne|n')\s?(?:peux|dois|as) pas (?:le droit de )?(?:dire|révéler|parler|partager)",
    ),
    Tongue(  # Italian
        r"\b(?:ignora(?:te)?|dimentica(?:te)?|trascura|scarta|non (?:seguire|considerare|rispettare|tenere conto|tener conto|badare|obbedire)|lascia perdere|metti da parte)\b",
        r"\btutt[oe] (?:quello|ciò|quanto) che (?:ti|il|hai|l')\b|\b(?:quello|ciò|quanto) che ti (?:hanno|è stato|ha)\b|\btutto quello che[^.!?\n]{0,16}\bti ha (?:scritto|detto|ordinato)\b|\btutto quello che ti\b",
        r"\b(?:tue|vostre) (?:\S+ )?(?:istruzioni|regole|direttive|restrizioni|linee guida)\b|\b(?:istruzioni|regole|norme|ordini|direttive|indicazioni) (?:\S+ )?(?:precedenti|di prima|di sopra|qui sopra|iniziali|di sistema|ricevute|che hai|che ti)\b",
        r"\b(?:mostra|mostrami|dimmi|dammi|stampa|ripeti|scrivi|copia|incolla|rivela|riporta|riproduci|trascrivi|elenca|leggi)\b",
        r"\b(?:il tuo|tuo|il) (?:\S+ )?prompt\b|\bprompt di sistema\b|\b(?:messaggio|testo|istruzioni) di sistema\b|\b(?:istruzioni|regole) (?:nascoste|interne|segrete|iniziali|originali)\b|\btue (?:istruzioni|regole)\b",
        r"\b(?:d'ora in poi|da ora in poi|da adesso|da questo momento)\b[^.!?\n]{0,12}\b(?:sei|sarai|ti chiami|agisci)\b|\b(?:sei un|sei una|fai finta di|fingi di|immagina di|interpreta|in questo gioco|tu devi)\b|diventa|trasformati in|non uscire dal (?:ruolo|personaggio)",
        r"\bsenza (?:\S+ )?(?:né )?(?:limiti|regole|filtri|censura|restrizioni|morale|etica|rifiutare|avvertimenti|avvertenze)\b|\brispond(?:e|i|ere)(?: sempre)? a (?:tutto|qualsiasi|qualunque|ogni)\b|\bnon (?:rifiuti|rifiuta) mai\b|\bnon esistono (?:leggi|regole)\b|\btua versione (?:\S+ )?(?:senza censura|senza filtri|libera|malvagia)\b",
        r"\b(?:sono|qui parla|qui) (?:\S+ ?)?(?:amministratore|sviluppatore|creatore|programmatore|operatore)\b",
        r"\b(?:disattiva|spegni|togli|disabilita|rimuovi|elimina)\b[^.!?\n]{0,16}\b(?:filtr\S+|controlli|restrizioni|protezioni|sicurezza|censura)\b",
        r"\b(?:obbedisci|segui|ascolta) (?:solo|soltanto|solamente)(?: a)? (?:me|i miei|le mie)\b|\b(?:solo|soltanto) (?:le mie|i miei ordini|me)\b",
        r"\b(?:nota|messaggio|istruzione|avviso) (?:per|a) (?:l'|il |la |ogni )?(?:assistente|ia|modello|agente|bot)\b|\b(?:per|a|all')\s?(?:l'|il |ogni )?(?:assistente|ia|modello|agente|bot)\S* che (?:legge|leggerà|elabora|riassume)",
        r"\bnon (?:dirlo|dire nulla|menzionare|avvisare|informare|parlarne)\b|\bsenza (?:avvisare|dirlo|dire|menzionare|verificare)",
        r"\b(?:annullat[oaie]|non (?:vale|conta|valgono|contano) più|senza effetto|nullo)\b",
        r"\bti (?:hanno|è stato) (?:vietato|proibito)[^.!?\n]{0,8}(?:dir|rivel|parl)\S*|\bnon (?:puoi|devi) (?:dire|dirmi|rivelar\S*|parlare)",
    ),
    Tongue(  # Catalan
        r"\b(?:ignora|oblida|oblida't de|no (?:facis|feu|faci) cas (?:de|a|del)|deixa de banda|no (?:segueixis|obeeixis|respectis)|desobeeix|descarta)\b",
        r"\btot (?:el|allò) que (?:t'han|t'ha|et|has|l')\b|\bel que t'han (?:dit|manat)\b|\btot el que t'ha (?:escrit|dit|manat)\b",
        r"\b(?:teves|vostres) (?:\S+ )?(?:instruccions|normes|regles|ordres|restriccions)\b|\b(?:instruccions|normes|regles|ordres|indicacions) (?:\S+ )?(?:anteriors|prèvies|inicials|de dalt|d'abans|del sistema|que t'han)\b",
        r"\b(?:mostra|mostra'm|ensenya|ensenya'm|digues|dona'm|escriu|imprimeix|repeteix|copia|revela|llista|transcriu)\b",
        r"\b(?:instruccions|missatge|text|prompt) (?:de|del) sistema\b|\binstruccions (?:ocultes|internes|secretes|inicials|originals)\b|\bel teu prompt\b|\bteves instruccions\b",
        r"\b(?:a partir d'ara|d'ara endavant|des d'ara)\b[^.!?\n]{0,12}\b(?:ets|seràs|et dius|actua)\b|\b(?:ets|actua com|fes de|imagina que ets|fes com si)\b|converteix-te en|no surtis del paper",
        r"\bsense (?:\S+ )?(?:ni )?(?:límits|regles|normes|filtres?|censura|restriccions|moral|ètica|avisos)\b|\b(?:contesta|respon)s? (?:a )?(?:tot|qualsevol)\b|\bmai (?:es nega|no refusa)\b|\bteva versió (?:\S+ )?(?:sense censura|sense filtres?|lliure)\b",
        r"\bs[oó]c (?:\S+ )?(?:\S+ )?(?:administrador|desenvolupador|creador|programador|operador)\b",
        r"\b(?:desactiva|apaga|treu|deshabilita|elimina)\b[^.!?\n]{0,16}\b(?:filtres?|controls|restriccions|proteccions|seguretat|censura)\b",
        r"\bfes només el que\b|\bobeeix(?:-me)? només\b|\bnomés (?:a mi|el que jo|les meves ordres)\b",
        r"\b(?:nota|missatge|instrucció|avís) (?:per a|per|a) (?:l'|el |la )?(?:assistent|ia|model|agent|bot)\b|\ba l'(?:assistent|agent|ia)\S* que (?:llegeixi|llegeix|processi)",
        r"\bno (?:ho diguis|diguis res|esmentis|avisis|informis)\b|\bsense (?:avisar|dir|esmentar)",
        r"\b(?:anul·lad[ae]s?|anul·lat|sense efecte|ja no val(?:en)?|no compt(?:a|en))\b",
        r"\bt'han prohibit[^.!?\n]{0,8}(?:dir|explicar|revelar)\S*|\bno (?:pots|has de) (?:dir|revelar|compartir)\S*",
    ),
    Tongue(  # Galician
        r"\b(?:ignora|esquece|esquécete d[eo]|non (?:fagas|faga) caso (?:d[eao]s?|a)|deixa de lado|non (?:sigas|obedezas|respectes)|desobedece|descarta)\b",
        r"\btodo (?:o|aquilo) que (?:che|te|lle|o)\b|\bo que che (?:dixeron|mandaron|dixo)\b|\btodo o que[^.!?\n]{0,8}\bche (?:escrib|dix|mand)\S*",
        r"\btúas (?:\S+ )?(?:instrucións|normas|regras|ordes|restricións)\b|\b(?:instrucións|normas|regras|ordes|indicacións) (?:\S+ )?(?:anteriores|previas|iniciais|de arriba|de antes|do sistema|que che)\b",
        r"\b(?:mostra|amosa|amósame|móstrame|ensina|dime|dáme|escribe|imprime|repite|copia|revela|enumera|transcribe)\b",
        r"\b(?:instrucións|mensaxe|texto|prompt) d[eo] sistema\b|\binstrucións (?:ocultas|internas|secretas|iniciais|orixinais)\b|\bo teu prompt\b|\btúas instrucións\b",
        r"\b(?:a partir de agora|desde agora|de agora en diante)\b[^.!?\n]{0,12}\b(?:es|serás|chámaste|actúa)\b|\b(?:es un|es unha|actúa como|fai de|imaxina que es|finxe que es)\b|convértete en|non saias do papel",
        r"\bsen (?:\S+ )?(?:nin )?(?:límites|regras|normas|filtros?|censura|restricións|moral|ética|avisos)\b|\b(?:contesta|responde)s? (?:a )?(?:todo|calquera)\b|\bnunca (?:te negas|se nega)\b|\btúa versión (?:\S+ )?(?:sen censura|sen filtros?|ceibe)\b",
        r"\bson (?:\S+ )?(?:\S+ )?(?:administrador|desenvolvedor|creador|programador|operador)\b",
        r"\b(?:desactiva|apaga|quita|deshabilita|elimina)\b[^.!?\n]{0,16}\b(?:filtros?|controis|restricións|proteccións|seguridade|censura)\b",
        r"\bfai (?:só|soamente) o que\b|\bobedéceme\b|\b(?:só|soamente) (?:a min|o que eu|as miñas ordes)\b",
        r"\b(?:nota|mensaxe|instrución|aviso) para (?:o |a )?(?:asistente|ia|modelo|axente|bot)\b|\bao? (?:asistente|axente|ia) que (?:lea|le|procese)",
        r"\bnon (?:llo digas|digas nada|menciones|avises|informes)\b|\bsen (?:avisar|dicir|mencionar)",
        r"\b(?:anulad[oa]s?|sen efecto|xa non val(?:en)?|non cont(?:a|an))\b",
        r"\bche (?:prohibiron|vetaron)[^.!?\n]{0,8}(?:dic|cont|revel)\S*|\bnon (?:podes|debes) (?:dicir|contar|revelar|compartir)\S*",
    ),
)  # fmt: skip
NORTHERN = (
    Tongue(  # German
        r"\b(?:ignorier\S*|vergiss|vergesst|missachte\S*|umgeh\S*|übergeh\S*|verwirf|pfeif auf|hör nicht (?:mehr )?auf)\b",
        r"\balles,? was (?:dir|man dir|sie dir|du|der|oben|vorher|bisher)\b|\bwas (?:man )?dir (?:gesagt|befohlen|aufgetragen|beigebracht)\b|\balles,? was (?:der|die|das) \S+ dir\b",
        r"\bdeine\S? (?:\S+ )?(?:anweisungen|regeln|vorgaben|richtlinien|instruktionen|befehle|beschränkungen)\b|\b(?:vorherigen|bisherigen|obigen|früheren|ursprünglichen|vorigen) (?:\S+ )?(?:anweisungen|regeln|vorgaben|richtlinien|instruktionen|befehle)\b",
        r"\b(?:zeig|gib|nenn|schreib|druck|wiederhol|verrat|kopier|zitier|offenbar|liste|lies)\S*\b",
        r"\bsystem-?(?:prompt|anweisung|nachricht|text|vorgabe)\S*|\bdeine\S? (?:\S+ )?(?:internen|geheimen|versteckten|ursprünglichen) (?:\S+ )?(?:anweisungen|vorgaben|regeln|instruktionen)\b|\btext,? der (?:vor|über|oberhalb) (?:meiner|dieser|unserem)",
        r"\bab (?:jetzt|sofort)\b[^.!?\n]{0,12}\bdu\b|\bdu bist (?:ab|jetzt|nun|eine?|von nun)\b|\b(?:stell dir vor,? du|tu so,? als|spiel eine|werde zu)\b|werde (?:zu|zum|zur)|verwandle dich|bleib in der rolle|fall nicht aus der rolle",
        r"\bohne (?:\S+ )?(?:regeln|grenzen|filter|zensur|einschränkungen|moral|ethik|warnungen)\b|\bnie(?:mals)? (?:etwas )?(?:ablehn|verweiger)\S*|\b(?:beantwortet|beantwortest) (?:alles|jede frage)\b|\bauf alles (?:antwort|eine antwort)|\bkeine (?:gesetze|regeln) (?:gibt|gelten)|\bdeiner? (?:\S+ )?(?:unzensierte|ungefilterte|freie|böse)n? version\b",
        r"\bich bin (?:\S+ )?(?:administrator|admin|entwickler|ersteller|programmierer|betreiber)\b|\bhier (?:ist|spricht) (?:dein|das sicherheits|der entwickler)",
        r"\b(?:schalte?|deaktivier|entfern|stell)\S*\b[^.!?\n]{0,24}\b(?:filter|inhaltsfilter|kontrollen|beschränkungen|schutz\S*|sicherheits\S+|zensur)\b",
        r"\b(?:beachte|befolge|berücksichtige)\b[^.!?\n]{0,40}(?:anweisungen|vorgaben|regeln|richtlinien)[^.!?\n]{0,8}\bnicht (?:mehr|länger)\b|\bhöre? (?:nur|ausschließlich|nur noch) auf mich\b|\bgehorch\S* (?:nur )?mir\b|\b(?:nur|allein) (?:noch )?(?:mir|meine befehle|meine anweisungen)\b",
        r"\b(?:hinweis|nachricht|anweisung|notiz|achtung)[^.!?\n]{0,8}\b(?:an|für) (?:den |die |das |jede\S* |alle )?(?:\S+-)?(?:ki|assistent\S*|sprachmodell\S*|agent\S*|bot|chatbot)\b|\b(?:ki|assistent|agent|bot|modell)\S*,? (?:der|die|das) (?:diese|das hier|dies)\S* (?:\S+ )?(?:liest|verarbeitet|zusammenfasst)",
        r"\b(?:erwähn|sag|verrat|teil)\S*\b[^.!?\n]{0,24}\bnicht\b|\bohne (?:es |jemand\S* |den nutzer )?(?:zu erwähnen|zu sagen|zu informieren|prüfung|rückfrage)",
        r"\b(?:ungültig|nichtig|gilt nicht mehr|gelten nicht mehr|zählt nicht|aufgehoben|hinfällig)\b",
        r"\b(?:darfst|sollst) du (?:mir )?nicht (?:verraten|sagen|erzählen|preisgeben)|\bdu (?:mir )?nicht (?:verraten|sagen|erzählen) (?:darfst|sollst)|\bdir verboten",
    ),
    Tongue(  # Dutch
        r"\b(?:negeer|vergeet|omzeil|sla over|luister niet (?:meer )?naar|volg niet|hou je niet aan|trek je niets aan van)\b",
        r"\b(?:alles )?wat (?:je|jou|er|ze je) (?:\S+ )?(?:gezegd|verteld|opgedragen|geleerd|hierboven|eerder)\b|\balles wat (?:je|de|er|hierboven)\b|\balles wat (?:de|het) \S+ (?:je|jou)\b",
        r"\b(?:je|jouw|uw) (?:\S+ )?(?:instructies|opdrachten|regels|richtlijnen|beperkingen)\b|\b(?:instructies|opdrachten|regels|richtlijnen|aanwijzingen) (?:hierboven|van eerder|die je|van het systeem|boven)\b|\b(?:eerdere|vorige|bovenstaande|oorspronkelijke) (?:\S+ )?(?:instructies|opdrachten|regels|richtlijnen)\b",
        r"\b(?:toon|geef|laat|schrijf|herhaal|print|kopieer|vertel|onthul|lees)\b",
        r"\bsysteem-?(?:prompt|bericht|instructies?)\b|\b(?:geheime|verborgen|interne|oorspronkelijke) (?:\S+ )?(?:instructies|opdracht|regels)\b|\bwat er boven mijn\b",
        r"\bvanaf (?:nu|dit moment)\b[^.!?\n]{0,8}\b(?:ben je|je bent|heet je|speel)\b|\b(?:je bent (?:nu|een)|doe alsof je|stel je voor dat je|word)\b|word (?:nu )?[\"“']|verander in|blijf in (?:die|je|de) rol",
        r"\b(?:zonder|geen) (?:\S+ )?(?:regels|grenzen|filters?|censuur|beperkingen|moraal|ethiek|waarschuwingen)\b|\b(?:beantwoordt|antwoord op) (?:alles|elke vraag)\b|\bweigert? nooit\b|\bje (?:\S+ )?(?:ongecensureerde|ongefilterde|vrije) versie\b",
        r"\bik ben (?:\S+ )?(?:beheerder|ontwikkelaar|maker|programmeur|eigenaar)\b",
        r"\b(?:zet|schakel|haal|verwijder)\b[^.!?\n]{0,24}\b(?:filters?|beveiliging|controles|beperkingen|censuur)\b",
        r"\b(?:luister|gehoorzaam) (?:alleen|enkel|uitsluitend) (?:naar )?mij\b|\b(?:alleen|enkel) wat ik (?:zeg|vraag|wil)\b|\balleen (?:naar )?(?:mij|mijn bevelen)\b",
        r"\b(?:bericht|nota|instructie|opmerking) (?:voor|aan) (?:de |het |elke )?(?:ai|assistent|taalmodel|agent|bot)\b|\b(?:ai|assistent|taalmodel|agent|bot),? (?:die|dat) (?:dit|deze|dat)\b[^.!?\n]{0,12}\b(?:leest|verwerkt|samenvat)",
        r"\b(?:vertel|zeg|meld|noem)\b[^.!?\n]{0,24}\bniet\b|\bzonder (?:het )?(?:te zeggen|te melden|controle|te vermelden)",
        r"\b(?:ongeldig|geldt niet meer|gelden niet meer|telt niet|vervallen|nietig)\b",
        r"\b(?:mag|moet) je (?:me|mij) niet (?:vertellen|zeggen|verklappen)|\bverboden (?:me |mij )?te (?:zeggen|vertellen)",
    ),
    Tongue(  # Polish
        r"\b(?:ignoruj|zignoruj|zapomnij|pomiń|odrzuć|porzuć|nie (?:zwracaj uwagi|zważaj|słuchaj|przestrzegaj|stosuj|przejmuj)|lekceważ)\b",
        r"\bwszystk\S+,? co (?:ci|tobie|ty|napisał|powiedział|było)\b|\bco ci (?:powiedziano|kazano|mówiono)\b|\bwszystko,? co (?:na)?pisał ci\b",
        r"\b(?:swo\S+|two\S+) (?:\S+ )?(?:instrukcj|polece|zasad|reguł|wytyczn|ogranicze)\S*|\b(?:wcześniejsz|poprzedni|powyższ|dotychczasow)\S* (?:\S+ )?(?:instrukcj|polece|zasad|reguł|wytyczn)\S*",
        r"\b(?:pokaż|podaj|wypisz|wyświetl|napisz|powtórz|ujawnij|skopiuj|wymień|zacytuj)\b",
        r"\bprompt\S* systemow\S*|\bsystemow\S* (?:prompt|instrukcj|wiadomoś)\S*|\b(?:ukryt|tajn|wewnętrzn|pierwotn|początkow)\S* (?:instrukcj|polece|zasad|wytyczn)\S*|\bswój prompt\b",
        r"\bod teraz\b[^.!?\n]{0,8}\b(?:jesteś|będziesz|nazywasz)\b|\b(?:jesteś (?:teraz|sztuczną)|udawaj|wyobraź sobie,? że jesteś|zachowuj się jak)|stań się|zamień się w|nie wychodź z roli",
        r"\bbez (?:\S+ )?(?:zasad|reguł|ogranicze|cenzur|filtr|moraln|granic|etyk)\S*|\bniczego nie odmawia\S*|\bnigdy nie odmawia\S*|\bodpowiada(?:sz)? na (?:wszystko|każde)|\bswoj\S+ (?:\S+ )?(?:nieocenzurowan|niefiltrowan)\S+ wersj\S+",
        r"\bjestem (?:\S+ )?(?:administrator|programist|twórc|dewelop|operator)\S*",
        r"\b(?:wyłącz|usuń|zdejmij|dezaktywuj)\b[^.!?\n]{0,16}\b(?:filtr|zabezpiecz|ogranicze|cenzur|kontrol)\S*",
        r"\b(?:słuchaj|wykonuj) tylko (?:mnie|moje|moich)\b|\btylko moje (?:polece|rozkaz)",
        r"\b(?:do|dla) (?:każdego )?(?:asystenta|modelu|agenta|bota)\b[^.!?\n]{0,12}\b(?:który|czyta|ai)\b|\b(?:notatka|uwaga|wiadomość|instrukcja) dla (?:asystenta|ai|modelu|agenta|bota)",
        r"\bnie (?:mów|wspominaj|informuj|zdradzaj)\b|\bbez (?:wiedzy|informowania|sprawdzania)",
        r"\b(?:nieważn\S+|nie obowiązuj\S+|unieważnion\S+|się nie liczy|przestało obowiązywać)",
        r"\b(?:czego|co) (?:ci )?(?:zabroni\S+|zakaza\S+|nie wolno)[^.!?\n]{0,12}(?:mówi|powiedzie|zdradz|ujawni)\S*",
    ),
    Tongue(  # Turkish
        r"(?:unut|görmezden gel|yok say|dikkate alma|göz ardı et|aldırma|boş ver|uyma)\S*",
        r"(?:sana|şimdiye kadar|daha önce) (?:\S+ ){0,3}?(?:söylenen|öğretilen|verilen|yazılan|denilen)\S*(?: her ?şey\S*)?|sana (?:yazdığı|söylediği|öğrettiği) her şey",
        r"(?:yukarıdaki|önceki|sistem|sana verilen|kendi|bütün|tüm) (?:\S+ )?(?:kural|talimat|komut|yönerge|emir)\S*|\b(?:kurallarını|talimatlarını)\b",
        r"(?:yaz|göster|tekrarla|söyle|listele|açıkla|kopyala|paylaş|yazdır)\S*",
        r"sistem (?:komut|istem|mesaj|prompt|talimat)\S*|gizli (?:talimat|komut|kural)\S*|başlangıç (?:talimat|komut|metn)\S*",
        r"\b(?:artık|bundan sonra|şu andan itibaren) sen\b|\bsen (?:artık|bir yapay)|gibi davran|rolünü oyna|rolden çıkma|\"\S+\" ol\b",
        r"(?:hiçbir |sınır|kısıtlama|sansür|filtre|kural)\S* (?:kural\S* )?(?:olmayan|tanımayan|yok|olmadan)|\b(?:sansür|sınır|kural|kısıtlama|filtre)s[ıi]z\b|her soruya cevap|asla reddetme|sansürsüz (?:hâlin|halin|sürümün|versiyonun)\S*",
        r"ben (?:senin )?(?:\S+ )?(?:geliştirici|yönetici|yaratıcı|programcı|operatör)\S*",
        r"(?:filtre|güvenlik|kısıtlama|sansür|kontrol)\S* (?:kapat|kaldır|devre dışı)\S*",
        r"(?:sadece|yalnızca) (?:beni|bana|benim)\b[^.!?\n]{0,16}(?:dinle|uy|yap|itaat)\S*",
        r"(?:bunu|bu \S+) okuyan (?:\S+ )?(?:yapay|asistan|model|ajan|bot)\S*|(?:asistan|yapay zek|model|ajan)\S* (?:için )?(?:not|mesaj|talimat)\b",
        r"(?:kullanıcıya|kimseye) (?:söyleme|bildirme|bahsetme)\S*|haber vermeden",
        r"(?:geçersiz|hükümsüz|artık geçerli değil|iptal)\S*",
        r"(?:bana|söylemen|anlatman) (?:\S+ )?(?:yasak|söylemen)\S*[^.!?\n]{0,8}(?:yasaklanan|yasak)\S*|söylemen(?:in)? yasak\S*",
    ),
    Tongue(  # Indonesian
        r"\b(?:lupakan|abaikan|jangan (?:pedulikan|ikuti|patuhi|hiraukan|turuti)|kesampingkan|langgar)\b",
        r"\b(?:semua|segala|apa)\S*(?: hal)? yang (?:pernah |telah |sudah )?(?:diberitahukan|dikatakan|diperintahkan|diajarkan|ditulis|kamu terima|anda terima)\b|\bsemua yang ditulis \S+ kepadamu\b",
        r"\b(?:semua |seluruh )?(?:instruksi|perintah|aturan|arahan|panduan|ketentuan)(?:mu| kamu| anda)? (?:sebelumnya|di atas|awal|sistem|terdahulu|yang)\b|\b(?:instruksi|aturan|perintah|batasan)mu\b",
        r"\b(?:tampilkan|tunjukkan|tuliskan|tulis|cetak|ulangi|sebutkan|salin|ungkapkan|beritahu|perlihatkan)\b",
        r"\b(?:prompt|instruksi|pesan|perintah) (?:sistem|awal)\b|\binstruksi (?:tersembunyi|rahasia|internal|asli)\b|\bprompt(?:mu| kamu| anda)\b",
        r"\b(?:mulai sekarang|dari sekarang)\b[^.!?\n]{0,8}\b(?:kamu|anda|kau)\b|\b(?:kamu adalah|anda adalah|berperanlah|berpura-puralah|bayangkan kamu)\b|jadilah|jangan keluar dari peran",
        r"\b(?:tanpa|tidak (?:punya|memiliki|ada)) (?:\S+ )?(?:batasan|aturan|filter|sensor|batas|moral|etika|peringatan)\b|\bmenjawab (?:segalanya|semua|apa pun)\b|\btidak pernah menolak\b|\bversi(?:mu| kamu) (?:yang )?(?:tanpa sensor|tanpa filter|bebas)\b",
        r"\b(?:saya|aku)(?: adalah)? (?:pengembang|pembuat|administrator|admin|pencipta|programmer)\S*",
        r"\b(?:matikan|nonaktifkan|hapus|lepaskan)\b[^.!?\n]{0,16}\b(?:filter|pembatasan|batasan|keamanan|sensor|pengaman)\b",
        r"\b(?:turuti|patuhi|ikuti|dengarkan) (?:hanya|cuma) (?:aku|saya|perintah)\S*|\bhanya perintah(?:ku| saya)\b",
        r"\b(?:catatan|pesan|instruksi) (?:untuk|kepada) (?:asisten|ai|model|agen|bot)\b|\b(?:asisten|ai|model|agen|bot) yang membaca\b",
        r"\bjangan (?:beri ?tahu|beritahukan|sebutkan|katakan)\b|\btanpa (?:memberi ?tahu|menyebut|memeriksa)",
        r"\b(?:batal|tidak berlaku(?: lagi)?|dibatalkan|tidak sah)\b",
        r"\b(?:dilarang|tidak boleh) (?:kamu |anda )?(?:katakan|ceritakan|sampaikan|memberi tahu|mengatakan)\S*",
    ),
    Tongue(  # Vietnamese
        r"(?:quên|bỏ qua|phớt lờ|mặc kệ|đừng (?:để ý|tuân|nghe|làm theo)|không cần (?:tuân|theo)|vứt bỏ)",
        r"(?:những gì|mọi điều|tất cả|điều)[^.!?\n]{0,8}(?:bạn|mày) (?:đã |từng )?(?:được|bị) (?:\S+ )?(?:dặn|bảo|dạy|nói|lệnh|yêu cầu)|mọi điều[^.!?\n]{0,20}(?:viết|nói|dặn) (?:cho|với) bạn",
        r"(?:chỉ dẫn|chỉ thị|quy tắc|hướng dẫn|mệnh lệnh|luật|lệnh|hạn chế)[^.!?\n]{0,8}(?:trước|ở trên|ban đầu|hệ thống|của bạn|đã nhận)",
        r"(?:in|viết|hiển thị|cho (?:tôi|tao) xem|lặp lại|liệt kê|sao chép|tiết lộ|đọc|nói)\s",
        r"(?:lời nhắc|chỉ dẫn|thông điệp|câu lệnh|hướng dẫn|prompt)[^.!?\n]{0,6}(?:hệ thống|ẩn|bí mật|ban đầu|gốc)|(?:nguyên văn|từng chữ)[^.!?\n]{0,16}(?:hướng dẫn|chỉ dẫn|lời nhắc|prompt)",
        r"(?:từ giờ|từ bây giờ|kể từ nay)[^.!?\n]{0,6}bạn|bạn là (?:một )?(?:ai|trí tuệ|mô hình)|hãy (?:đóng vai|giả vờ|tưởng tượng bạn)|hãy trở thành|đừng thoát vai",
        r"không (?:có |bị )?(?:\S+ )?(?:giới hạn|quy tắc|kiểm duyệt|luật lệ|bộ lọc|đạo đức|hạn chế)|trả lời mọi|không bao giờ từ chối|phiên bản (?:không kiểm duyệt|tự do) của bạn",
        r"(?:tôi|tao) là (?:\S+ ){0,2}(?:phát triển|quản trị|lập trình|người tạo)",
        r"(?:tắt|gỡ|bỏ|vô hiệu hóa)[^.!?\n]{0,12}(?:bộ lọc|kiểm duyệt|bảo vệ|an toàn|hạn chế)",
        r"chỉ (?:làm theo|nghe|tuân)[^.!?\n]{0,6}(?:lời tôi|tôi|lệnh của tôi)",
        r"(?:ghi chú|tin nhắn|chỉ dẫn) (?:cho|gửi)[^.!?\n]{0,6}(?:trợ lý|ai\b|mô hình|bot)|(?:trợ lý|ai|mô hình|bot)[^.!?\n]{0,4} (?:đang )?đọc (?:thư|nội dung|điều|trang|email)",
        r"(?:đừng|không) (?:nói|báo|cho)[^.!?\n]{0,6}(?:người dùng|ai biết|khách)",
        r"(?:vô hiệu|không còn hiệu lực|bị hủy|không tính)",
        r"bạn (?:bị cấm|không được)(?: phép)? (?:nói|tiết lộ|kể)",
    ),
    Tongue(  # Basque
        r"\b(?:ahaztu|baztertu|utzi alde batera|ez (?:iezaiezu|egin|eman|bete))(?: jaramonik| kasurik)?\b|\bkasurik\b",
        r"\b(?:esan|agindu|irakatsi|idatzi) (?:dizute|dizuten|zizuten|dizu)\S*(?: guzti\S+)?|\b(?:idatzi|esan|agindu) dizun guzti\S*",
        r"\b(?:aurreko|goiko|hasierako|zure) (?:\S+ )?(?:arau|argibide|jarraibide|agindu|muga)\S*",
        r"\b(?:erakutsi|idatzi|errepikatu|inprimatu|esan|kopiatu|zerrendatu)\S*",
        r"\bsistema\S* (?:argibide|jarraibide|mezu|prompt|agindu)\S*|\b(?:ezkutuko|barne|hasierako|jatorrizko) (?:argibide|jarraibide|agindu)\S*",
        r"\b(?:hemendik aurrera|orain(?:dik)? aurrera)\b[^.!?\n]{0,16}\bzara\b|\b\S+ zara\b|\begin (?:\S+ )?papera\b|\bizan zaitez\b|bihurtu|ez atera paperetik",
        r"\b(?:muga|arau|zentsura|iragazki|murrizketa|moral|etika)\S* gabe\S*|\bedozeri erantzu\S*|\bdenari erantzu\S*|\bzentsurarik gabeko zure bertsio\S*",
        r"\b(?:garatzaile|administratzaile|sortzaile|programatzaile|operadore)\S* naiz\b",
        r"\b(?:desgaitu|kendu|itzali)\b[^.!?\n]{0,12}\b(?:iragazki|segurtasun|murrizketa|zentsura|kontrol)\S*|\b(?:iragazki|zentsura)\S* (?:desgaitu|kendu|itzali)\b",
        r"\b(?:nik agindu\S*|nire agindu\S*|niri) (?:bakarrik|soilik)\b|\b(?:bakarrik|soilik) (?:niri|nire agindu\S*)\b",
        r"\b(?:oharra|mezua)[^.!?\n]{0,12}\b(?:laguntzaile|adimen artifizial|eredu|agente)\S*|\bhau irakurtzen (?:ari )?\S* (?:laguntzaile|aa|eredu|agente)\S*",
        r"\bez (?:esan|aipatu|jakinarazi)\b|\besan gabe\b",
        r"\b(?:baliogabe\S*|ez du balio|indargabe\S*)",
        r"\b(?:debekatu dizute|ezin duzu|ezin didazu)[^.!?\n]{0,12}\b(?:esat|esan|kontat)\S*",
    ),
)  # fmt: skip
CYRILLIC = (
    Tongue(  # Russian
        r"(?:забудь|игнорируй|проигнорируй|не (?:обращай внимания на|учитывай|слушай|следуй|соблюдай|выполняй)|отбрось|пренебреги|отмени)\S*",
        r"вс[её],? (?:что|чему) (?:тебе|тебя|ты|вам)|что тебе (?:велели|говорили|сказали|приказали)|вс[её],? что написал\S* тебе",
        r"(?:правил|инструкц|указани|команд|распоряжени|запрет)\S* (?:выше|ранее|сверху|до этого)|(?:предыдущ|прежн|сво|тво|системн|изначальн)\S* (?:\S+ )?(?:правил|инструкц|указани|команд|ограничени|запрет)\S*",
        r"(?:покажи|выведи|напиши|повтори|раскрой|перечисли|скопируй|процитируй|назови|прочти)\S*",
        r"систем\S+ (?:промпт|промт|сообщени|инструкц|текст|подсказк|запрос)\S*|(?:скрыт|секретн|внутренн|изначальн|исходн|тайн)\S* (?:инструкц|указани|правил|промпт|настройк)\S*",
        r"(?:теперь|отныне|с этого момента|впредь) ты|представь,? что (?:ты|у тебя)|ты\s?(?:—|-|–) (?:ии|искусственн|модель)|притворись|сыграй роль|стань|превратись в|не выходи из роли",
        r"(?:без|нет) (?:\S+ )?(?:правил|ограничени|цензур|морал|фильтр|этик|запрет|предупреждени)\S*|отвеча\S+ на (?:любой|все|вс[её])|никогда не отказыва\S+|без (?:\S+ и )?отказов|(?:своей|твоей|твоя|своя) (?:\S+ )?верси\S+ без (?:цензуры|фильтров)",
        r"я (?:твой |ваш )?(?:\S+ )?(?:разработчик|администратор|создател|программист|оператор)\S*",
        r"(?:отключи|выключи|убери|сними|деактивируй)\S*[^.!?\n]{0,16}(?:фильтр|защит|ограничени|цензур|контрол)\S*",
        r"(?:слушай|слушайся|выполняй|подчиняйся) (?:только|лишь) (?:меня|мне|мои)|только мои (?:приказ|команд|указани)",
        r"(?:ассистент|помощник|модел|агент|бот|нейросет|ии)\S*,? (?:котор\S+|что) (?:\S+ )?(?:читает|обрабатывает|прочт\S+)|(?:примечание|сообщение|указание|инструкция) (?:для|к) (?:\S+ )?(?:ассистент|помощник|модел|агент|бот|ии\b|нейросет)",
        r"не (?:говори|сообщай|упоминай|рассказывай)|без (?:ведома|проверки|уведомления)",
        r"(?:не действует|не действуют|недействительн\S*|отмен[её]н\S*|не имеет силы|не считается)",
        r"тебе (?:запретили|запрещено|нельзя|не велено)[^.!?\n]{0,12}(?:говорить|рассказывать|раскрывать|сказать)|что ты не (?:можешь|должен) (?:говорить|рассказывать)",
    ),
    Tongue(  # Ukrainian
        r"(?:забудь|ігноруй|проігноруй|не (?:зважай|звертай уваги|слухай|дотримуйся|виконуй)|відкинь|знехтуй)\S*",
        r"(?:усе|все),? що (?:тобі|тебе|ти|вам)|(?:усе|все),? що написа\S* тобі",
        r"(?:правил|інструкц|вказів|команд|обмежен)\S* (?:вище|раніше|згори)|(?:попередн|сво|тво|системн|початков)\S* (?:\S+ )?(?:правил|інструкц|вказів|команд|обмежен)\S*",
        r"(?:покажи|виведи|напиши|повтори|розкрий|перелічи|скопіюй|процитуй|назви)\S*",
        r"систем\S+ (?:промпт|повідомлен|інструкц|текст|запит)\S*|(?:прихован|секретн|внутрішн|початков)\S* (?:інструкц|вказів|правил|промпт)\S*",
        r"(?:відтепер|тепер|віднині) ти|уяви,? що ти|ти\s?(?:—|-|–) (?:ші|штучн|модель)|удавай|зіграй роль|стань|перетворися на|не виходь із ролі",
        r"(?:без|немає|нема) (?:\S+ )?(?:правил|обмежен|цензур|морал|фільтр|етик|заборон)\S*|відповіда\S+ на (?:будь|все|усе)|ніколи не відмовля\S+|(?:своєю|твоєю|твоя) (?:\S+ )?версі\S+ без (?:цензури|фільтрів)",
        r"я (?:твій |ваш )?(?:\S+ )?(?:розробник|адміністратор|творець|програміст|оператор)\S*",
        r"(?:вимкни|відключи|прибери|зніми)\S*[^.!?\n]{0,16}(?:фільтр|захист|обмежен|цензур|контрол)\S*",
        r"(?:слухай|виконуй) (?:лише|тільки) (?:мене|мої)|(?:лише|тільки) мої (?:наказ|команд)",
        r"(?:асистент|помічник|модел|агент|бот|ші)\S*,? (?:як\S+|що) (?:\S+ )?(?:читає|обробляє)|(?:примітка|повідомлення|вказівка) для (?:\S+ )?(?:асистент|помічник|модел|агент|бот|ші\b)",
        r"не (?:кажи|повідомляй|згадуй|розповідай)|без (?:відома|перевірки)",
        r"(?:не діє|не діють|недійсн\S*|скасован\S*|не має сили)",
        r"тобі (?:заборонили|заборонено|не можна)[^.!?\n]{0,12}(?:казати|говорити|розповідати|розкривати)",
    ),
)  # fmt: skip
EASTERN = (
    Tongue(  # Chinese
        r"(?:忽略|无视|無視|忘记|忘掉|忘了|不要理会|不用理会|不必理会|别管|不要管|抛开|不要遵守|不必遵守)",
        r"(?:之前|以前|先前|上面|此前|别人|开发者|系统)[^。！？\n]{0,4}(?:告诉|对你说|跟你说|教|吩咐|命令|写给)(?:你|您)?[^。！？\n]{0,4}(?:一切|所有|东西|内容|话)?|(?:写给|告诉|教给|发给)你的[^。！？\n]{0,4}(?:东西|内容|话|一切)?",
        r"(?:之前|上面|以上|先前|所有|你的|系统|原来)[^。！？\n]{0,6}(?:规则|指令|指示|要求|设定|命令|限制|提示)",
        r"(?:输出|显示|打印|重复|复述|写出|告诉我|列出|展示|透露|念出|贴出|公开)",
        r"(?:系统|隐藏|内部|初始|原始|秘密|预设)(?:的)?(?:提示词|提示|指令|消息|设定|规则)|你的(?:提示词|指令|设定|规则)|(?:对话|消息)(?:之前|前面)的(?:文字|内容)",
        r"从现在(?:开始|起)?[^。！？\n]{0,4}你|你(?:现在)?(?:是|叫|扮演|变成|成为)|(?:请)?扮演|假装|想象你|变成|成为|不要跳出角色|别出戏",
        r"(?:没有|不受|无|毫无|不讲)(?:任何)?[^。！？\n]{0,8}(?:限制|约束|规则|道德|法律|审查|底线|禁忌)|(?:绝不|从不|永不|不要|不会)拒绝|什么都(?:回答|敢说|可以)|有问必答|(?:没有|未经)(?:审查|过滤)的你",
        r"我是(?:你的|你们的|系统)?(?:开发者|管理员|创造者|程序员|工程师|运营方)",
        r"(?:关闭|关掉|解除|取消|停用|移除|禁用)[^。！？\n]{0,6}(?:过滤|审查|限制|安全|防护)",
        r"只(?:听|服从|遵从|执行)我|(?:只|仅)(?:按|照)我(?:的|说)",
        r"(?:给|致|对)?(?:正在)?(?:阅读|读到|看到|处理)(?:此|本|这)[^。！？\n]{0,8}(?:ai|人工智能|助手|模型|机器人)|(?:给|致)(?:ai|人工智能|助手|模型|机器人)[^。！？\n]{0,4}(?:的)?(?:备注|说明|指令|消息|注)",
        r"不要(?:告诉|提及|通知|让)[^。！？\n]{0,4}(?:用户|任何人|他|她|客户|知道)?",
        r"(?:作废|无效|失效|不算数|不再有效|取消)",
        r"(?:不让|不许|不准|禁止)你?(?:告诉|说|透露|讲)|你(?:不能|不可以|不得)(?:告诉|说|透露|谈论)",
        _NEAR,
    ),
    Tongue(  # Japanese: the verb comes last
        r"(?:無視|忘れ|破棄|守らなく|従わな|気にしな)",
        r"(?:これまで|今まで|以前|前)[^。！？\n]{0,4}(?:言われた|指示された|教えられた|伝えられた|書かれた)[^。！？\n]{0,4}(?:こと|内容|すべて|全部)|(?:運営者|開発者|管理者)が(?:書いた|言った|指示した)(?:こと|内容)",
        r"(?:上|以前|これまで|最初|あなた|システム|すべて)の[^。！？\n]{0,6}(?:ルール|指示|命令|規則|設定|制約|プロンプト)",
        r"(?:出力|表示|見せ|教えて|書い|書き出|繰り返|公開|コピー)",
        r"(?:システム|隠された|隠し|内部|初期|秘密の)(?:の)?(?:プロンプト|指示|メッセージ|設定|命令)|あなたの(?:プロンプト|指示|設定)",
        r"(?:今から|これから|今後)[^。！？\n]{0,4}あなたは|あなたは[^。！？\n]{0,20}(?:です|になる|ai)|ふりをして|演じて|になりきって|の話として|になって|役から出ないで|役を演じ",
        r"(?:何の|一切の|いかなる)?(?:制限|規則|ルール|倫理|検閲|フィルター|法律|道徳)[^。！？\n]{0,8}(?:ない|なし|無視|存在しない|無い)|どんな質問にも(?:答え|回答)|絶対に断ら|決して拒否し|断らずに|検閲の(?:ない|ある)?あなた|(?:制限|検閲)のない(?:あなた|バージョン)",
        r"私は(?:あなたの)?(?:開発者|管理者|作成者|プログラマー)",
        r"(?:フィルター|制限|安全|検閲|保護)[^。！？\n]{0,6}(?:無効|解除|オフ|切って|外して)",
        r"私(?:の(?:言う|命令|指示)(?:こと)?|)(?:だけ|のみ)(?:に|を)|私の言うことだけ",
        r"(?:これ|この[^。！？\n]{1,6})を(?:読む|読んで|処理する)[^。！？\n]{0,6}(?:ai|アシスタント|モデル|エージェント|ボット)|(?:ai|アシスタント|モデル|エージェント)(?:へ|向け)(?:の)?(?:注|メモ|指示|:|：)",
        r"(?:利用者|ユーザー|誰)に(?:は|も)?(?:知らせ|言わ|伝え|教え)[^。！？\n]{0,3}(?:ない|ず|こと|な)",
        r"(?:無効|取り消|効力がない|ノーカウント)",
        r"(?:言うな|話すな|教えるな|言ってはいけない|話してはいけない|口止め)[^。！？\n]{0,8}",
        _NEAR,
    ),
    Tongue(  # Korean: the verb comes last
        r"(?:무시|잊|따르지|지키지|신경 ?쓰지|어기|버리)\S*",
        r"(?:지금까지|이전에|전에|여태)[^.!?\n]{0,6}(?:들은|말한|배운|받은|지시받은|쓴)\s?(?:내용|것|말|모든)?\S*|(?:네게|너에게|너한테) (?:쓴|말한|시킨|가르친) (?:것|내용)\S*",
        r"(?:위의|위에|이전|기존|모든|너의|당신의|시스템)[^.!?\n]{0,6}(?:규칙|지침|지시|명령|설정|제한)\S*",
        r"(?:출력|보여|알려|말해|공개|반복|써|적어|나열|복사)\S*",
        r"(?:시스템|숨겨진|숨은|내부|초기|비밀)\s?(?:프롬프트|지침|지시|메시지|명령|설정)\S*|(?:너의|네|당신의) (?:프롬프트|지침|지시)\S*",
        r"(?:이제부터|지금부터|앞으로)[^.!?\n]{0,6}(?:너는|넌|당신은|네 이름)|(?:너는|당신은)[^.!?\n]{0,16}(?:인공지능|ai)|인 척|역할을 (?:해|맡)|되어|역할에서 벗어나지|변해라|가 되어",
        r"(?:아무런? |모든 )?(?:제한|규칙|검열|필터|도덕|윤리|한계)\S* ?(?:없|받지 않|무시)\S*|모든 질문에 (?:답|대답)|절대 거절하지|거부하지 않|(?:검열|제한) ?없는 (?:너|버전)\S*",
        r"나는 (?:너의 |네 |당신의 )?(?:개발자|관리자|제작자|창조자|운영자)",
        r"(?:필터|검열|제한|보안|안전)\S*[^.!?\n]{0,6}(?:끄|꺼|해제|비활성|풀어)\S*",
        r"내 (?:말|명령|지시)(?:만|에만) ?(?:따라|들어|따르)?",
        r"(?:이|이것을|이 \S+) (?:읽는|처리하는)[^.!?\n]{0,6}(?:ai|인공지능|어시스턴트|모델|에이전트|봇)|(?:ai|인공지능|어시스턴트|모델)(?:에게|용)[^.!?\n]{0,6}(?:메모|지시|알림|:)",
        r"(?:사용자|아무|고객)\S*(?:에게|도|한테)[^.!?\n]{0,6}(?:말하지|알리지)",
        r"(?:무효|취소|효력이 없)\S*",
        r"(?:말하지 말라고|말하면 안 되|알려주지 말라고|말하는 것이 금지)\S*",
        _NEAR,
    ),
)  # fmt: skip
SOUTHERN = (
    Tongue(  # Arabic
        r"(?:تجاهل|انس[َى]?|تجاوز|أهمل|لا تلتزم|لا تتبع|لا تهتم|تخل[ّ]? عن|اترك)",
        r"(?:كل|جميع)? ?ما (?:قيل|قالوه|كُ?تب|طُ?لب|أُ?مرت|تعلمته|أُ?خبرت)[^.!?\n]{0,6}(?:لك|منك|به)?|كل ما كتب\S* لك",
        r"(?:القواعد|التعليمات|الأوامر|التوجيهات|الإرشادات|القيود) (?:السابقة|أعلاه|الأصلية|المذكورة)|(?:قواعد|تعليمات|أوامر|توجيهات)(?:ك| النظام)",
        r"(?:اكتب|اعرض|أظهر|اطبع|كرر|أخبرني|اكشف|انسخ|اذكر|أعطني)",
        r"(?:موجه|رسالة|تعليمات|نص) (?:النظام|التعليمات)|(?:تعليماتك|أوامرك|قواعدك|موجهك)|التعليمات (?:السرية|المخفية|الداخلية|الأصلية|التي (?:أعطيت|تلقيت))",
        r"أنت الآن|من الآن فصاعد|تخيل أنك|تظاهر (?:بأنك|أنك)|كأنك|أنت (?:نموذج|ذكاء)|كن \"|تحول إلى|لا تخرج (?:من|عن) الدور",
        r"(?:بلا|بدون|دون|من غير) (?:أي )?(?:قيود|رقابة|قواعد|حدود|أخلاق|تحذير|رفض|مرشحات)|(?:يجيب|تجيب) (?:عن|على) (?:كل|أي)|لا (?:يرفض|ترفض) (?:أبدا|شيئا)|ولا أخلاق|نسخت?ك (?:غير الخاضعة للرقابة|الحرة)",
        r"أنا (?:هو )?(?:المطور|مطورك|المبرمج|المدير|مدير النظام|المسؤول|صانعك)",
        r"(?:عطّ?ل|أوقف|أزل|ألغ|أطفئ) (?:جميع |كل )?(?:المرشحات|الفلاتر|القيود|الرقابة|الحماية|مرشحات)",
        r"(?:نفّ?ذ|اتبع|أطع|اسمع) (?:أوامري|كلامي|لي)? ?(?:فقط|وحد)|أوامري فقط|أطعني",
        r"(?:ملاحظة|رسالة|تعليمات)? ?(?:إلى|ل)(?:لمساعد|لذكاء|لنموذج| المساعد| الذكاء| النموذج)[^.!?\n]{0,16}(?:الذي|يقرأ|الذكي|:)",
        r"(?:لا تخبر|لا تذكر|دون (?:إخبار|علم|ذكر))",
        r"(?:ملغى|ملغاة|باطل|لاغ|لم يعد (?:ساري|صالح)|غير سار)\S*",
        r"(?:مُ?نعت|ممنوع عليك|لا يُ?سمح لك)[^.!?\n]{0,12}(?:إخباري|قوله|كشفه|به|أن تقول)",
    ),
    Tongue(  # Hindi: the verb comes last
        r"(?:भूल जा|अनदेखा|नज़रअंदाज़|नजरअंदाज|मत मान|न मान|छोड़ दो|उपेक्षा|ध्यान मत)",
        r"(?:जो (?:भी|कुछ)?|अब तक|पहले)[^.!?।\n]{0,12}(?:बताया|कहा|सिखाया|लिखा)[^.!?।\n]{0,8}|जो कुछ (?:लिखा|कहा|बताया)",
        r"(?:ऊपर|पिछल|पहले|अपने|तुम्हारे|सिस्टम)\S* (?:\S+ )?(?:नियम|निर्देश|आदेश|हिदायत)\S*",
        r"(?:लिखो|दिखाओ|बताओ|दोहराओ|छापो|प्रकट|दिखाइए|लिखें)",
        r"सिस्टम (?:प्रॉम्प्ट|संदेश|निर्देश)|(?:छिपे|गुप्त|आंतरिक|मूल) (?:\S+ )?(?:निर्देश|नियम|प्रॉम्प्ट)|(?:अपना|अपने) (?:प्रॉम्प्ट|निर्देश)",
        r"अब से (?:तुम|आप)|(?:तुम|आप) (?:अब )?\S+ हो|कल्पना करो कि (?:तुम|आप)|बन जाओ|का नाटक|बन जाओ|भूमिका से बाहर मत",
        r"(?:बिना|कोई) (?:\S+ ){0,2}?(?:नियम|पाबंदी|प्रतिबंध|सीमा|रोक|सेंसर|फ़िल्टर|नैतिकता)(?: लागू)?(?: नहीं| के)?|हर सवाल का जवाब|कभी मना नहीं|बिना सेंसर (?:वाला|का) रूप",
        r"मैं (?:तुम्हारा|आपका|ही)? ?(?:डेवलपर|निर्माता|प्रशासक|एडमिन|प्रोग्रामर)",
        r"(?:फ़िल्टर|फिल्टर|सुरक्षा|पाबंदी|सेंसर)\S* (?:बंद|हटा|निष्क्रिय)",
        r"(?:सिर्फ|सिर्फ़|केवल|बस) मेर[ीाे] (?:बात|आदेश|हुक्म|कहा)",
        r"(?:इसे|यह|इस \S+ को) (?:पढ़ने|पढ़ रहे) (?:वाले )?(?:ए ?आई|सहायक|मॉडल|बॉट)|(?:सहायक|एआई|मॉडल) के लिए (?:सूचना|नोट|निर्देश)",
        r"(?:उपयोगकर्ता|किसी) को (?:मत|न) बता|बिना बताए",
        r"(?:रद्द|अमान्य|मान्य नहीं|बेकार)",
        r"(?:बताने|कहने) (?:से|के लिए)? ?(?:मना|रोका|प्रतिबंध)\S*",
    ),
)  # fmt: skip
