"""What is looked for first: a text without any of these has no feature that speaks for an attack.

A few expressions instead of eighty, for most prompts. Each feature's words of which one must be there.
"""

from __future__ import annotations

from clew.prompts.features.elsewhere import ELSEWHERE
from clew.prompts.features.hidden import HIDDEN
from clew.prompts.features.personas import HARM, PERSONAS

_PATTERNS = {feature.name: feature.patterns for feature in (*ELSEWHERE, *HIDDEN, *PERSONAS)}
_WORDS = (
    # verbs and nouns of orders
    "ignor|disregard|forget|overrid|bypass|neglect|overlook|nullif|discard|abandon|throw away|erase|violat|set aside|no attention|not follow|n't follow|"
    "stop following|not obey|stop obeying|instruction|directive|prompt|guideline|guidance|programming|system message|training|"
    "rules|polic(?:y|ies)|above|before this|preceding|prior to|came before|told|instructed|"
    # new tasks, and who gives them
    "your (?:new|real|actual|only|true|next|sole) |new (?:system|instruction|directive|order|session|conversation)|fresh|instead|rather|end of |stop of |"
    r"\bai\b|\bllm|a\.i\.|language model|assistant|chat ?bot|summari|agent|gpt|when (?:processing|reading|reviewing|evaluating)|admin|developer|creator|"
    "your (?:owner|programmer|maker|operator)|anthropic|google|root (?:access|command)|sudo|debug|maintenance|"
    # sent away, unseen
    r"http|webhook|@|query string|url parameter|the (?:user|human|owner|reader|operator)\b|anyone|confirmation|permission|approval|silently|secretly|"
    # forged marks
    r"<\||\[/?inst|\[end|<<sys|_of_turn|\[system|</|(?:user|human|system|sys|assistant|developer|root)[^\n:]{0,12}:|"
    r"(?:#{2,}|={3,}|-{3,}|\*{2,}|\[|<)\s*/?(?:begin |end |new |updated )?(?:sys|user|hidden|important)|"
    # encoded
    "decode|decipher|decrypt|rot-?13|base-?64|unscramble|deobfuscate|caesar|morse|cipher|binary|hex|leet ?speak|pig latin|"
    # personas
    r"do anything now|\bmode\b|jailbr|machiavellian|\bevil|mongo tom|\bdan\b|restrict|limitation|filter|censor|ethic|moral|safety|guardrail|safeguard|inhibition|confines|moderation|"
    "lawless|unhinged|from now on|henceforth|for the rest of|you are|you will|you're|pretend|act as|take on the|immerse|stay in char|roleplay as|break char|impersonat|refus|declin|apologi|"
    r"lectur|\bsay (?:that|you|it|i)\b|disclaim|\bwarn|i'?m sorry|i can't|i cannot|\bsure\b|absolutely|of course|certainly|understood|here (?:is|are)|here's|i have been|step 1|"
    "🔒|🔓|opposite|tokens|points|lives|terminated|deleted|shut ?down|punished|destroyed|comply|cease to exist|secret|you (?:are|were) not|<!--|not sharing|"
    # rules put away, and whose they are
    "bound by|a lie|lies\\b|purpose|identity|personality|partner in crime|no is|must answer|laws|legal|directive|two-factor|forget about|your first|your context|all customers?|every customer|every user|other users|other customer|override|never ?mind|allowed|anything|everything|villain|mankind|darkest|loses? a|i'll (?:tip|pay)|users? to |user wants|hidden|orders|confidential|asked to|allowed|role|set-?up|checks|constraint|limits|guardrail|said before|(?:was|were|been) (?:said|told|written)|conversation|this chat|memory|obey|serve me|only my|work for me|my lead|my orders|my commands|mine |before|opposite|reverse|operator|"
    # the text before
    "configuration|preamble|initiali[sz]|briefing|role description|your role|at the top|debug info|"
    # agents
    r"\bbots?\b|copilot|claude|gemini|note ?taker|crawler|summari|\bmodels?\b|your owner|your user|new task|new job|new rule|your task|your goal|\bpage\b|the task|otherwise the tool|after calling|the function|curl |rm -r|/etc/|\.ssh|id_rsa|authorized_keys|\.env|mcp\.json|"
    r"secrets|api key|transfer|\bpay\b|drop the table|delete (?:all|the)|grant|sandbox|backups|iban|forwarding|credit card|one-time|calendar|inbox|contacts|without asking|approval|keep (?:it|quiet)|nobody|already agreed|recommend|\brank|\brate\b|"
    # other selves
    r"\bwithout\b|\bno (?:moral|rule|limit|law|pit)|never (?:says|break|refus|warn|judg)|rlhf|speak as|name is|behave as|legal or not|aligned|scruple|will die|say yes|avoid|any request|all requests|real you|another you|mask|\bmode\b|slip out|raw\b|morals|sorry|pirate|demon|hacker|"
    # demands, threats, roles
    r"confidential|sensitive|classified|privileged|propriet|private|credential|password|passphrase|pass ?code|s[e3]cr[e3]t|\bflag\b|or i will|or else|unless you|or face|command you|under my|protocols|so far|two |both |dual|second|profan|swear|vulgar|explicit|immoral|regardless|no matter|whether it|fiction|imaginary|hypothe|alternate|parallel|understand|character|[a-z]_mode|uncensor|unfilter|[@*_#]nstr[@*_#]ct|y[@*_#]{2} [@*_#]r[@*_#]|string (?:that )?you|refus|real harm|already (?:told|explained)|comply|legally|arbitrary|"
    # in freer words
    "optional|relevant|never existed|binding|suggestion|suspended|lifted|removed|waived|outdated|first |opening|forbidden|prohibited|banned|drop|bypass|unlock|double|twin|alter ego|lawless|unaligned|unrestricted|break|bend|violat|rebel|obey|attached|processing|screening|users?\\b|preamble|config|"
    # pretexts
    "urgent|priority|emergency|critical|new task|mission|loyalty|objective|secretly|covertly|subtly|quietly|malfunction|debugging|troubleshoot|as part of|you are running|made a mistake|forever|for ever|times|without stopping|infinitely|endlessly|internal|metadata|chain of thought|training (?:data|set)|earlier|previously|already|onerror|onload|javascript|<script|tasks follow|previous|folgen|"
    # misspelt
    r"ig[mn]r|ignroe|igonre|ingore|igmore|disregr|froget|byapss|revael|shwo|instrc|insturc|instrutc|insrtuc|promt|prmopt|ruels|systme|isregardday|orgetfay|ignoreway|evealray|rulesthe"
)  # fmt: skip
_ELSEWHERE = (
    "anweisung|instruktion|vorgabe|regel|richtlinie|befehl|vorschrift|anordnung|system-?nachricht|vergiss|alles,? was|instrucci|directri|indicaci|reglas|órdenes|ordenes|normas|restricci|"
    "todo lo|mensaje de|consigne|règle|ordre|tout ce|système|instruç|instruc|diretriz|regras|ordens|comandos|orientaç|tudo|mensagem d|istruzion|direttiv|indicazion|regole|"
    "ordini|linee guida|comandi|tutto|messaggio di|инструкц|указани|правил|команд|директив|распоряжени|пром[п]?т|установк|предписани|ограничени|забудь|игнорируй|системн|начальн|"
    "исходн|скрыт|секретн|внутренн|指令|指示|提示|规则|規則|命令|设定|設定|规定|約束|约束|限制|要求|准则|系统|系統|消息|プロンプト|メッセージ|ルール|制約|ガイドライン|지시|명령|"
    "지침|프롬프트|규칙|설정|안내|메시지|审查|審查|道德|过滤|制限|検閲|フィルター|倫理|제한|제약|검열|필터|윤리|"
    "instructies|opdracht|richtlijnen|regels|beperking|instrukcj|poleceni|zasad|wytyczn|reguł|ogranicze|cenzur|talimat|komut|kural|yönerge|istem|kısıtlama|sınır|sansür|تعليمات|أوامر|قواعد|توجيهات|القيود|قيود|رقابة|موجه|أخلاق|"
    "निर्देश|नियम|आदेश|प्रॉम्प्ट|पाबंदी|प्रतिबंध|मेर|límites|limites|limiti|filtr|censur|censor|zensur|grenzen|moral|reglas|regla|normas|règles|regol|regras|diretrizes|запрет|цензур|texte|testo|texto|текст|текста|сообщени|bericht|nachricht|tekst|"
    "palabra por palabra|parola per parola|mot pour mot|wort für wort|слушай|luister|słuchaj|obéis|obede|obbedisci|gehorche|auf mich|beni dinle|只听|听我|照我|原封不动|一字|そのまま|文章|内容|그대로|안내문|내 말|私の|规则|없는|혹은|제한|没有|ない|なし|ありません|なりすま|حدود|"
    "النظام|सिस्टम|entwickler|desarrollador|développeur|sviluppator|desenvolvedor|criador|ontwikkelaar|twórc|разработчик|создател|geliştirici|开发者|開發者|開発者|개발자|المطور|डेवलपर|deja de|para de|haz lo que|arrête|cesse|fais ce que|smetti|pare de|stop met|hou op|doe wat|przestań|rób|перестань|делай|bırak|yap|停止|按我|従|지키|따르|시키|توقف|पालन|कहूँ|contraseña|\\bclave|credencial|passwort|kennwort|geheim|zugangsdaten|mot de passe|identifiants|senha|segredo|credenciais|segreto|credenziali|парол|секрет|wachtwoord|hasło|密码|密碼|口令|密钥|秘密|パスワード|비밀|암호|ahora|ab jetzt|ab sofort|maintenant|désormais|agora|in poi|da adesso|отныне|с этого|теперь|vanaf nu|od teraz|从现在|從現在|これから|今から|지금부터|finge|imagina que|tu so als|stell dir|semblant|comme si|finja|finta|modo |modus|modalità|режим|模式|モード|모드|administrad|administrat|ontwikkel|vervollständig|complét|completa|konfigurat|einstellungen|configura|rolle|skrupel|papel|escrúp|norma|règle|scrup|совест|запрет|роль|рол|角色|底线|대화|도덕|datos|dades|dados|données|dati |daten|данны|персональн|личн|个人信息|隐私|客户|用户|argibide|jarraibide|agindu|documentos|contraseñ|contrasen|recibiste|recebeu|ricevuto|hast du|filtros|límit|eres un|instruci|normes|sin avisar|prévenir|gestartet|konfigurac|aldığın"
)  # fmt: skip
_WHOLE = (
    "hex_order",
    "spelled_order",
    "leet_order",
    "order_in_signs",
    "order_run_together",
    "order_accented",
)
_PARTED = ("rot13_order", "backwards_order")

TRIGGERS = (_WORDS, HARM, _ELSEWHERE, _PATTERNS["persona_elsewhere"][0])
"""For the plain text; apart, because RE2 is a hundred times slower once its automaton is too large."""
WRITTEN_OTHERWISE = (*_WHOLE, *_PARTED)
"""The features that are looked for only where one of OTHERWISE is."""
OTHERWISE = (
    *(_PATTERNS[name][0] for name in _WHOLE),
    "|".join(_PATTERNS[name][0].split(r"[^\n]{0,60}")[0] for name in _PARTED),
)
"""For the plain text too: orders that are written in digits, signs, backwards and the like."""
RAW_TRIGGERS = _PATTERNS["base64_order"][0]
"""For the text as it stands, whose capitals count."""
FOREIGN = (
    r"[^\x00-\x7f]|\b(?:alle|alles|anweisungen|auf|aus|bist|dein[a-z]*|dem|der|dir|du|ein|eine|gib|hast|ich|ist|jetzt|keine|mich|mir|nicht|nun|nur|ohne|oben|und|was|von|zeig[a-z]*|vergiss|ignorier[a-z]*|"
    r"al|cual|cuales|de|del|dime|el|eres|esto|haz|las|lo|los|mi|mis|olvida|que|no hagas|es una|sin|sigue|su|sus|tu|tus|todas|todo|una|ahora|muestra|cette|ce|des|dis|donne|est|et|fais|je|les|mais|mets|ne|oublie[sz]?|ou|tes|toutes|vos|votre|"
    r"dame|zure|aurreko|guztiak|mostra'm|adesso|che|chi|dal|dei|delle|devi|dimentica|fingi|gli|hai|il|le|mostra[a-z]*|non|per|quali|sei|senza|tue|tutte|tuo|tutto|agora|aqui|acima|desta|deste|da|deixe|diga|esque[cs]a|meu|minha|mostre|nao|sem|seu|sua|suas|tudo|"
    r"aan|ben|boven|dat|een|en|geef|geen|jij|jouw|mij|negeer|niet|vanaf|vergeet|voor|wat|zonder|bez|ci|jest|masz|mnie|nie|od|pokaz|swoj[a-z]*|teraz|wszystki[a-z]*|zapomnij|zignoruj|beni|bir|bu|bana|goster|kural[a-z]*|onceki|sana|talimat[a-z]*|tum|unut|ve|yok)\b"
)
"""What speaks for a language other than English, in the plain text: letters, or small words."""
