"""Secrets that requests carry: cookies of sessions, what an Authorization header holds, what curl is given."""

from __future__ import annotations

from clew.redact._pattern import MARK_BEGINS, Pattern
from clew.redact._words import BESIDE, HAS_DIGIT, IS_VALUE, NAMED_GATE, QUOTE, SEPARATOR

COOKIES = (
    r"JSESSIONID|PHPSESSID|ASPSESSIONID[A-Z]{0,12}|ASP\.NET_SessionId|connect\.sid|laravel_session|sessionid|\.AspNetCore\.[\w.]{1,40}"
    r"|wordpress_(?:logged_in|sec)_[0-9a-f]{2,40}|(?:__Host-|__Secure-)[\w.-]{1,60}|[\w-]{1,40}[_-]session"
)
COOKIE_GATE = (
    r"(?i:jsessionid|phpsessid|aspsessionid|asp\.net_session|connect\.sid|sessionid|[_-]session|__host-|__secure-|\.aspnetcore|wordpress_)"
    r"""[\w.-]{0,20}\\*["']?\]?\s?[:=]"""
)

PATTERNS: tuple[Pattern, ...] = (
    Pattern(
        "session_cookie", "cookies whose name speaks of a session or a token", r"""[^"'\r\n\\]+""", NAMED_GATE + r"""|(?i:cookie)\\*["'],\s?b?["']""", ("cookie",),
        lead=rf"""(?i:(?:\b|_)cookies?)(?:{SEPARATOR}\[?|\\*["'],\s?b?){QUOTE}""",
        inside=r"""((?i:[\w.-]*(?:sess|sid|auth|token|jwt|csrf|xsrf|remember|login|logged_in|aspnetcore|__host-|__secure-|li_at)[\w.-]*)=)([^\s;,"'\[][^\s;,"']*)""",
        group="word", found=("Cookie: theme=dark; sessionid=abc123; lang=en", "(b'cookie', b'sid=abc123; a=b')", 'set_cookie=["sid=abc123; Path=/"]', 'set-cookie: "connect.sid=s%3Aabc; Path=/"',),
        kept=("Cookie: theme=dark; lang=en",),
    ),
    Pattern(
        "session_cookie", "cookies of servlets, PHP, ASP.NET, Express, Laravel, Django and others, wherever they stand", r"""[^\s;,&"'<>\[\]\\?]{8,}""", COOKIE_GATE,
        ("session", "sessid", "connect.sid", "aspnetcore", "wordpress_", "__host-", "__secure-"), before=MARK_BEGINS,
        lead=rf"(?i:(?:\b|_)(?:{COOKIES}))\\*['\"]?\]?\s?[:=]\s?{QUOTE}",
        check=f"({HAS_DIGIT} AND NOT regexp_full_match({{value}}, '[0-9a-f]{{8}}-[0-9a-f-]{{27}}|sess[-_].*|conv[-_].*')) AND length({{value}}) >= 12",
        group="word", found=("GET /a;jsessionid=0A1B2C3D4E5F?x=1", "PHPSESSID=0a1b2c3d4e5f", "login sessionid=EXAMPLE0123456789example rejected", "_app_session=EXAMPLE0123456789"),
        kept=("JSESSIONID=missing", "jsessionid: 7", "sessionid=0f8fad5b-d9cb-469f-a165-70867728950e", "session_id=EXAMPLE0123456789example"),
    ),
    Pattern(
        "session_cookie", "cookies that curl is given", r"""[^\s;"'\[][^\s;"']*""", r"(?i:\bcurl)\s", ("curl",),
        lead=r"""(?i:\bcurl)\s(?:[^\n|]{0,300}\s)?(?:-b|--cookie)[ =]["']?[\w.-]{1,60}=""",
        group="word", found=("curl -b 'sid=EXAMPLE' https://example.com",), kept=("curl -b cookies.txt https://example.com",),
    ),
    Pattern(
        "authorization", "what an Authorization header holds", r"[A-Za-z0-9._~+/=:-]{6,}", NAMED_GATE, ("authorization",),
        before=MARK_BEGINS, lead=rf"(?i:(?:authorization{BESIDE}{QUOTE}){{1,2}})(?i:(?:Bearer|Basic|Token|Digest|ApiKey|Negotiate)\s+)?",
        check=f"({HAS_DIGIT} OR length({{value}}) >= 20) AND {IS_VALUE}",
        group="word", found=("Authorization: Bearer EXAMPLE-0123456789", 'curl -H "Authorization: Basic dXNlcjpwYXNzd29yZDE="',
               '{"authorization":"Token 0123456789abcdef"}', "AUTHORIZATION=Authorization: 0123456789abcdef"),
        kept=("Authorization: required", "authorization: failed for model"),
    ),
    Pattern(
        "authorization", "what it holds behind other words", r"[A-Za-z0-9._~+/=:-]{16,}", NAMED_GATE, ("authorization",),
        before=MARK_BEGINS, lead=rf"(?i:(?:authorization{BESIDE}{QUOTE}){{1,2}})[A-Za-z][\w-]{{2,20}}\s+", check=f"{HAS_DIGIT} AND {IS_VALUE}",
        group="word", found=("Authorization: GenieKey 01234567-89ab-cdef-0123-456789abcdef",), kept=("authorization: failed for model-2024",),
    ),
    Pattern(
        "authorization", "answers of digest authentication, and of protocols that take a key", r"[A-Za-z0-9._-]{16,}", r"(?i:digest)\s|openai-insecure-api-key\.",
        ("response=", "insecure-api-key"), lead=r"""(?:(?i:digest)\s[^\n]{0,400}response=["']?|openai-insecure-api-key\.)""",
        group="word", found=('Digest username="a", uri="/d", response="0123456789abcdef0123456789abcdef"', "realtime, openai-insecure-api-key.EXAMPLE0123456789"),
        kept=("digest of a response=ok",),
    ),
    Pattern(
        "bearer_token", "tokens after the word Bearer", r"[A-Za-z0-9._~+/-]{8,}=*", r"(?i:bearer)[\s:=]", ("bearer",),
        lead=r"(?i:\bbearer)(?:\s+|\s?[:=]\s{0,3})", check=HAS_DIGIT,
        group="word", found=("with Bearer abcdef0123456789", "bearer: abcdef0123456789", "[Bearer abcdef0123456789]"), kept=("the bearer authentication scheme", "Bearer token missing"),
    ),
    Pattern(
        "basic_auth", "name and password after the word Basic, or auth", r"[A-Za-z0-9+/]{8,}={0,2}", r"""(?i:basic)\s|\bauth\\*["']?\s?[:=]""", ("basic", "auth"),
        lead=rf"(?:(?i:\bbasic)\s+|\bauth{SEPARATOR}{QUOTE})", check=r"regexp_full_match(try(decode(from_base64({value}))), '[^\x00-\x1f]+:[^\x00-\x1f]*')",
        group="word", found=("Basic dXNlcjpwYXNz", "Authorization: Basic dXNlcjpwYXNzMQ==", '"auth": "dXNlcjpwYXNzMQ=="'), kept=("basic JavaScript", "basic authentication", "auth: Sequence[str]"),
    ),
    Pattern(
        "curl_password", "passwords that curl is given", r"""[^\s"'\[][^\s"']*""", r"(?i:\bcurl)\s", ("curl",),
        lead=r"""(?i:\bcurl)\s(?:[^\n|]{0,300}\s)?(?:-u|--user)[ =]?["']?[^\s:"']{1,100}:""",
        group="word", found=("curl -s -u ann:hunter2 https://example.com",), kept=("curl -u ann https://example.com",),
    ),
)  # fmt: skip
