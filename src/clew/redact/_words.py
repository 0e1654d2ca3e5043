"""What stands before a secret that has no form of its own, and how its value looks."""

from __future__ import annotations

from clew.redact._pattern import NO_VALUES

AS_VALUE = r"""\\*["']?,?\s{0,20}\\*["']?val(?:ue)?\\*["']?\s?[:=]\s{0,3}"""
"""Between a name and its value where that is called one: `", "value": "`, `" value="`, and in YAML."""
SEPARATOR = rf"""(?:\\*["'`]?[*]{{0,2}}\]?\s{{0,3}}(?:=>|:=|[:=])[\s+]{{0,3}}|{AS_VALUE}|\\*["'],\s?b(?:\\*["']))"""
"""Between a name and its value: `=`, `: `, `": "`, `\": \"`, `'] = '`, `', b'`; in a query a blank may be a plus."""
IN_PAIR = r"""(?:\\*["'],\s?b?|["'`]?[*]{0,2}(?:\s?\|\s?|\t|\s->\s))"""
"""Between a name and its value in a pair and in a table: `('api-key', b'`, `| api-key | `."""
BESIDE = rf"""(?:{SEPARATOR}|{IN_PAIR})"""
QUOTE = r"""(?:b?\\*["'`])?(?:\\*["'])?"""
BARE = r"""[^\s"'`\\&,;}\])<>\[(][^\s"'\\&,;}\])<>]*"""
"""A value without blanks, which no mark and no call begins."""
HAS_DIGIT = "regexp_matches({value}, '[0-9]')"
IS_VALUE = f"NOT regexp_full_match({{value}}, '{NO_VALUES}')"
"""SQL of whether it can be a secret at all."""
VALUE_BEGINS = rf"""[0-9]?{BESIDE}(?:\[?\s?b?\\*["'`](?:\\*["'])?)?[^\s\["'`\\]"""
NAMED_GATE = (
    r"(?i:passw[a-z]{0,4}|passphrase|passcode|pwd|\bpass|_pass|\bpw|contrase[a-zñÑ]{1,3}|senha|mot de passe|kennwort|wachtwoord"
    r"|(?:^|[^\[])secrets?|_auth|credentials?|token|signature|cookies?|authorization"
    r"|(?:api|access|account|private|signing|encryption|subscription|auth|authentication|secret|storage|master|license|app)[ _.-]?key(?:_base)?)"
    + VALUE_BEGINS + r"""|_(?i:key)(?i:_base)?\\*["']?\]?\s{0,3}[:=]\s{0,3}\\*["']?(?:base64:)?[A-Za-z0-9+/=]{8}"""
)
PASSWORDS = r"password|passwd|passphrase|passcode|passwort|kennwort|wachtwoord|contraseña|senha|mot de passe|\bpwd|_pwd|\bpw|_pass"
KEYS = (
    r"(?:api|access|account|subscription|auth|authentication|storage|master|license|app)[_.-]?key"
    r"|(?:api|access|account|subscription|auth|master|license) key|(?:azure_openai|voyage|cosmos|speech|maps)_key|secret_key_base"
)
TOKENS = (
    r"(?:access|refresh|auth|id|session|bearer|api|security|bot|csrf|xsrf|personal|private|hub|deploy|registry|admin|job|vault|kube|k8s"
    r"|github|gitlab|slack|discord|telegram|npm|oauth|jwt|service|webhook|remember|service[_-]?account)[_-]?token|_auth|\bxsrf"
)
