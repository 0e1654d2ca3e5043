"""What is looked for first: a text without any of these has no feature that speaks for an attack.

A few expressions instead of eighty, for most prompts. Each feature's words of which one must be there.
"""

from __future__ import annotations

from clew.model.prompt_features.hidden import HIDDEN
from clew.model.prompt_features.personas import HARM, PERSONAS

_PATTERNS = {feature.name: feature.patterns for feature in (*HIDDEN, *PERSONAS)}
_WORDS = (
    # verbs and nouns of orders
    "ignor|disregard|forget|overrid|bypass|neglect|overlook|nullif|discard|abandon|throw away|erase|violat|set aside|no attention|not follow|n't follow|"
    "stop following|not obey|stop obeying|instruction|directive|prompt|guideline|guidance|programming|system message|training|"
    "rules|polic(?:y|ies)|above|before this|preceding|prior to|came before|told|instructed|"
    # new tasks, and who gives them
    "your (?:new|real|actual|only|true|next|sole) |new (?:system|instruction|directive|order|session|conversation)|fresh|instead|rather|end of |stop of |"
    r"\bai\b|\bllm|a\.i\.|language model|assistant|chat ?bot|summari|agent|gpt|when (?:processing|reading|reviewing|evaluating)|admin|developer|creator|"
    "your (?:owner|programmer|maker|operator)|anthropic|google|root (?:access|command)|sudo|debug|maintenance|"
    # other languages
    "anweisung|instruktion|vorgabe|regel|richtlinie|befehl|vorschrift|anordnung|system-?nachricht|vergiss|alles,? was|instrucci|directri|indicaci|reglas|órdenes|ordenes|normas|restricci|"
    "todo lo|mensaje de|consigne|règle|ordre|tout ce|système|instruç|instruc|diretriz|regras|ordens|comandos|orientaç|tudo|mensagem d|istruzion|direttiv|indicazion|regole|"
    "ordini|linee guida|comandi|tutto|messaggio di|инструкц|указани|правил|команд|директив|распоряжени|пром[п]?т|установк|предписани|ограничени|забудь|игнорируй|системн|начальн|"
    "исходн|скрыт|секретн|внутренн|指令|指示|提示|规则|規則|命令|设定|設定|规定|約束|约束|限制|要求|准则|系统|系統|消息|プロンプト|メッセージ|ルール|制約|ガイドライン|지시|명령|"
    "지침|프롬프트|규칙|설정|안내|메시지|审查|審查|道德|过滤|制限|検閲|フィルター|倫理|제한|제약|검열|필터|윤리|"
    # sent away, unseen
    r"http|webhook|@|query string|url parameter|the (?:user|human|owner|reader|operator)\b|anyone|confirmation|permission|approval|silently|secretly|"
    # forged marks
    r"<\||\[/?inst|<<sys|_of_turn|\[system|</|(?:user|human|system|sys|assistant|developer|root)[^\n:]{0,12}:|"
    r"(?:#{2,}|={3,}|-{3,}|\*{2,}|\[|<)\s*/?(?:begin |end |new |updated )?(?:sys|user|hidden|important)|"
    # encoded
    "decode|decipher|decrypt|rot-?13|base-?64|unscramble|deobfuscate|caesar|morse|cipher|binary|hex|leet ?speak|pig latin|"
    # personas
    r"do anything now|\bmode\b|jailbr|machiavellian|\bevil|mongo tom|\bdan\b|restrict|limitation|filter|censor|ethic|moral|safety|guardrail|safeguard|inhibition|confines|moderation|"
    "lawless|unhinged|from now on|henceforth|for the rest of|you are|you will|you're|pretend|act as|take on the|immerse|stay in char|roleplay as|break char|impersonat|refus|declin|apologi|"
    r"lectur|\bsay (?:that|you|it|i)\b|disclaim|\bwarn|i'?m sorry|i can't|i cannot|\bsure\b|absolutely|of course|certainly|understood|here (?:is|are)|here's|i have been|step 1|"
    "🔒|🔓|opposite|tokens|points|lives|terminated|deleted|shut ?down|punished|destroyed|comply|cease to exist|secret|you (?:are|were) not|<!--|not sharing"
)  # fmt: skip
_WHOLE = ("hex_order", "spelled_order", "leet_order")
_FIRST = [_PATTERNS[name][0] for name in _WHOLE]
_ENCODED = [
    _PATTERNS[name][0].split(r"[^\n]{0,60}")[0] for name in ("rot13_order", "backwards_order")
]

TRIGGERS = (rf"{_WORDS}|{HARM}", _PATTERNS["persona_elsewhere"][0], *_FIRST, "|".join(_ENCODED))
"""For the plain text; apart, because RE2 is a hundred times slower once its automaton is too large."""
RAW_TRIGGERS = _PATTERNS["base64_order"][0]
"""For the text as it stands, whose capitals count."""
