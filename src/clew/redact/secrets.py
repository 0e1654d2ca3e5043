r"""Secrets: keys, tokens and passwords, by how they look or by the word before them.

Takes      what opens something for whoever holds it
Leaves     [secret:TYPE]; the value is not kept anywhere, not even as a hash
Blind to   secrets without a form of their own and without a word before them; those in names of keys
"""

from __future__ import annotations

from clew.redact._pattern import NO_VALUES, Pattern

SEPARATOR = r"""\\*["']?\s{0,3}(?:=>|[:=])\s{0,3}"""
"""Between a name and its value: `=`, `: `, `": "`, `\": \"`."""
QUOTE = r"""\\*["']?"""
BARE = r"""[^\s"'\\&,;}\])<>\[(][^\s"'\\&,;}\])<>]*"""
"""A value without blanks, which no mark and no call begins."""
HAS_DIGIT = "regexp_matches({value}, '[0-9]')"
IS_VALUE = f"NOT regexp_full_match({{value}}, '{NO_VALUES}')"
NAMED_GATE = (
    r"(?i:passw[a-z]{0,4}|passphrase|pwd|\bpass|_pass|contrase[a-zñÑ]{1,3}|senha|(?:^|[^\[])secrets?|credentials?|token|signature"
    r"|cookies?|authorization|(?:api|access|account|private|signing|encryption|subscription|auth|secret)[ _-]?key"
    r"|jsessionid|phpsessid|aspsessionid[a-z]{0,12}|asp\.net_sessionid|connect\.sid|laravel_session)"
    r"""[0-9]?\\*["']?\s{0,3}(?:=>|[:=])\s{0,3}(?:\[?\s?\\*["'])?[^\s\["'\\]"""
)



AWS_MARK = r"\[secret:aws_access_key\]"
BESIDE_GATE = "(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{8}"
BESIDE_HINTS = ("akia", "asia", "abia", "acca")
LIKE_AWS_SECRET = (
    "regexp_matches({value}, '[0-9]') AND regexp_matches({value}, '[A-Z]') AND regexp_matches({value}, '[a-z]') AND "
    "length(regexp_replace({value}, '[a-z]+|[A-Z]+|[0-9]+|[/+]+', '.', 'g')) >= 17"
)
"""Random signs change their kind more often than words, paths and hashes in hexadecimal do."""

IS_SECRET = True
"""What is found is gone for good."""

PATTERNS: tuple[Pattern, ...] = (
    Pattern(
        "private_key", "PEM private keys, those of service accounts included",
        r"(?s:-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----(?:.*?-----END [A-Z0-9 ]{0,40}PRIVATE KEY"
        r"[A-Z ]{0,10}-----|(?:\s|\\+[nr])*[A-Za-z0-9+/=]{40}(?:[A-Za-z0-9+/=\s]|\\+[nr])*))",
        "-----BEGIN", ("private key",),
        found=(
            "-----BEGIN RSA PRIVATE KEY-----\nMIIEow==\n-----END RSA PRIVATE KEY-----",
            '"private_key":"-----BEGIN PRIVATE KEY-----\\nMIIEvA==\\n-----END PRIVATE KEY-----\\n"',
            "-----BEGIN OPENSSH PRIVATE KEY-----\n" + "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ" * 2,
        ),
        kept=("-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----", "a -----BEGIN PRIVATE KEY----- line"),
    ),
    Pattern(
        "aws_access_key", "AWS access key ids", r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b", "(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{8}",
        ("akia", "asia", "abia", "acca"),
        found=("key AKIAIOSFODNN7EXAMPLE used",), kept=("AKIA is a prefix", "XAKIAIOSFODNN7EXAMPLE"),
    ),
    Pattern(
        "aws_secret_key", "AWS secret access keys, after their name", r"[A-Za-z0-9/+=]{40}", NAMED_GATE,
        ("secret",), lead=rf"(?i:secret[_ -]?(?:access[_ -]?)?key){SEPARATOR}{QUOTE}", behind="[A-Za-z0-9/+=]",
        group="word", found=("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
               '"SecretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"'),
    ),
    Pattern(
        "aws_secret_key", "AWS secret access keys, behind a key id", r"[A-Za-z0-9/+]{40}", BESIDE_GATE, BESIDE_HINTS,
        lead=rf"{AWS_MARK}(?s:.{{0,200}}?)[^A-Za-z0-9/+=_-]", tail=r"(?:[^A-Za-z0-9/+=_-]|$)", check=LIKE_AWS_SECRET,
        found=("AKIAIOSFODNN7EXAMPLE,wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
               "id AKIAIOSFODNN7EXAMPLE\nkey wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\nok"),
    ),
    Pattern(
        "aws_secret_key", "AWS secret access keys, before a key id", r"[A-Za-z0-9/+]{40}", BESIDE_GATE, BESIDE_HINTS,
        lead=r"(?:^|[^A-Za-z0-9/+=_-])", tail=rf"[^A-Za-z0-9/+=_-](?s:.{{0,200}}?){AWS_MARK}", check=LIKE_AWS_SECRET,
        found=("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY of AKIAIOSFODNN7EXAMPLE",),
        kept=("commit 2fd4e1c67a2d28fced849ee1bb76e7391b93eb12", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY alone"),
    ),
    Pattern(
        "aws_session_token", "AWS session tokens, after their name", r"[A-Za-z0-9/+=%]{50,}", NAMED_GATE,
        ("token",), lead=rf"(?i:(?:session|security)[_-]?token){SEPARATOR}{QUOTE}",
        group="word", found=("aws_session_token=" + "IQoJb3JpZ2luX2VjEXAMPLE" * 3,),
    ),
    Pattern(
        "google_api_key", "Google Cloud API keys", r"\bAIza[0-9A-Za-z_-]{30,}", "AIza", ("aiza",),
        found=("?key=AIzaSyD-EXAMPLE-not-a-real-key-0123456",), kept=("AIza alone",),
    ),
    Pattern(
        "google_oauth", "Google OAuth tokens and client secrets", r"\b(?:ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,})",
        r"ya29\.|GOCSPX-", ("ya29.", "gocspx-"),
        found=("token ya29.a0AfH6SMBEXAMPLEEXAMPLE-example", "GOCSPX-abcdefghijklmnopqrstuvwx01"),
    ),
    Pattern(
        "azure_storage_key", "Azure storage and shared access keys in connection strings",
        r"[A-Za-z0-9+/]{20,}={0,2}", r"(?i:accountkey|sharedaccesskey)=", ("accountkey=", "sharedaccesskey="),
        lead=r"(?i:AccountKey|SharedAccessKey)=",
        group="word", found=("DefaultEndpointsProtocol=https;AccountName=a;AccountKey=" + "Zm9vYmFy" * 10 + "Zm9vYg==;EndpointSuffix=x",
               "Endpoint=sb://a.example.com/;SharedAccessKeyName=k;SharedAccessKey=MDEyMzQ1Njc4OWFiY2RlZg0123="),
    ),
    Pattern(
        "url_signature", "signatures in addresses of Azure, AWS and Google storage", r"[A-Za-z0-9%+/_=-]{20,}",
        r"(?i:sig|signature)=", ("sig=", "signature="),
        lead=r"(?i:[?&]sig=|\bX-(?:Amz|Goog)-Signature=|\bSignature=)",
        group="word", found=("https://a.example.com/c?sv=2022-11-02&se=2026&sig=Q0VYQU1QTEUwMTIzNDU2Nzg5YWJjZGVm%3D",
               "/b/o?X-Amz-Algorithm=AWS4&X-Amz-Signature=" + "0123456789abcdef" * 4),
        kept=("?sig=short",),
    ),
    Pattern(
        "azure_client_secret", "client secrets of Microsoft Entra", r"\b[A-Za-z0-9_~.-]{3}8Q~[A-Za-z0-9_~.-]{31,34}",
        "8Q~", ("8q~",), found=("secret abc8Q~EXAMPLEexample0123456789EXAMPLE0123",),
    ),
    Pattern(
        "github_token", "GitHub tokens", r"\b(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255})",
        "gh[pousr]_[A-Za-z0-9]|github_pat_", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        found=(*(f"{kind}_EXAMPLEexampleEXAMPLEexample012345678" for kind in ("ghp", "gho", "ghu", "ghs", "ghr")),
               "github_pat_11EXAMPLE0example0EXAMPLE_example"),
        kept=("a ghp_short",),
    ),
    Pattern(
        "gitlab_token", "GitLab tokens", r"\bgl(?:pat|dt|rt|ft|cbt|ptt|oas|soat|imt|agent)-[\w-]{16,}",
        "gl[a-z]{2,5}-[A-Za-z0-9_]", ("glpat-", "gldt-", "glrt-", "glft-", "glcbt-", "glptt-", "gloas-", "glsoat-", "glimt-", "glagent-"),
        found=("glpat-EXAMPLEexample012345",), kept=("glad-to-see-you-here-today-again",),
    ),
    Pattern(
        "slack_token", "Slack tokens", r"\bxox[abceoprs](?:\.xox[bp])?-[A-Za-z0-9-]{10,}|\bxapp-[0-9]-[A-Za-z0-9-]{10,}",
        "xox[abceoprs][.-]|xapp-", ("xox", "xapp-"),
        found=("xoxb-0123456789-EXAMPLEexample", "xapp-1-A0EXAMPLE-0123456789-example"), kept=("xoxo-love",),
    ),
    Pattern(
        "slack_webhook", "paths of Slack webhooks", r"[A-Za-z0-9+/_-]{20,}", r"hooks\.slack", ("hooks.slack",),
        lead=r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/",
        found=("https://hooks.slack.com/services/T00000000/B00000000/EXAMPLEexample0123456789",),
    ),
    Pattern(
        "stripe_key", "Stripe keys and webhook secrets", r"\b(?:[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/]{20,}=*)",
        "k_(?:live|test)_|whsec_", ("k_live_", "k_test_", "whsec_"),
        found=("sk_live_EXAMPLEexample0123456789", "rk_test_EXAMPLEexample0123456789"), kept=("task_test_cases",),
    ),
    Pattern(
        "twilio_key", "Twilio account and key ids", r"\b(?:SK|AC)[0-9a-f]{32}\b", r"\b(?:SK|AC)[0-9a-f]{8}", ("sk", "ac"),
        found=("SK0123456789abcdef0123456789abcdef", "AC0123456789abcdef0123456789abcdef"),
        kept=("SKU 0123456789",),
    ),
    Pattern(
        "sendgrid_key", "SendGrid keys", r"\bSG\.[\w-]{16,32}\.[\w-]{16,64}", r"\bSG\.", ("sg.",),
        found=("SG.EXAMPLEexample012345678.EXAMPLEexample0123456789EXAMPLEexample01234",), kept=("SG.pdf",),
    ),
    Pattern(
        "npm_token", "npm tokens", r"\bnpm_[A-Za-z0-9]{30,}", "npm_[A-Za-z0-9]{8}", ("npm_",),
        found=("npm_EXAMPLEexample0123456789EXAMPLE01234",), kept=("npm_config_registry",),
    ),
    Pattern(
        "pypi_token", "PyPI tokens", r"\bpypi-A[A-Za-z0-9_-]{30,}", "pypi-A", ("pypi-a",),
        found=("pypi-AgEIcHlwaS5vcmcEXAMPLEexample0123456789",), kept=("pypi-simple",),
    ),
    Pattern(
        "anthropic_key", "Anthropic keys", r"\bsk-ant-[A-Za-z0-9_-]{16,}", "sk-ant-", ("sk-ant-",),
        found=("sk-ant-api03-EXAMPLEexample0123456789",),
    ),
    Pattern(
        "openrouter_key", "OpenRouter keys", r"\bsk-or-[A-Za-z0-9_-]{16,}", "sk-or-", ("sk-or-",),
        found=("sk-or-v1-0123456789abcdef0123456789abcdef",),
    ),
    Pattern(
        "langfuse_key", "Langfuse secret keys", r"\bsk-lf-[A-Za-z0-9_-]{16,}", "sk-lf-", ("sk-lf-",),
        found=("sk-lf-01234567-89ab-cdef-0123-456789abcdef",),
    ),
    Pattern(
        "openai_key", "OpenAI keys, and others of their form", r"\bsk-[A-Za-z0-9_-]{16,}", r"\bsk-[A-Za-z0-9]", ("sk-",),
        check="regexp_matches({value}, '^sk-(?:proj|svcacct|admin|None)-|[0-9A-Z]')",
        found=("sk-EXAMPLEexample0123456789", "sk-proj-EXAMPLEexample0123456789_abc-def", "sk-svcacct-examplekeyexamplekey"),
        kept=("task-0123456789abcdef0123", "sk-learn-compatible-estimators", "sk-short"),
    ),
    Pattern(
        "huggingface_token", "Hugging Face tokens", r"\b(?:hf_|api_org_)[A-Za-z0-9]{20,}", "hf_[A-Za-z0-9]|api_org_", ("hf_", "api_org_"),
        check="regexp_matches({value}, '[0-9A-Z]')",
        found=("hf_EXAMPLEexampleEXAMPLEexample012345",), kept=("hf_hub_download", "hf_transformersautomodelforcausal"),
    ),
    Pattern(
        "groq_key", "Groq keys", r"\bgsk_[A-Za-z0-9]{20,}", "gsk_", ("gsk_",), found=("gsk_EXAMPLEexampleEXAMPLEexample0123456789",),
    ),
    Pattern(
        "model_provider_key", "keys of xAI, NVIDIA, Perplexity, Replicate, Together, Fireworks, Cerebras and LangSmith",
        r"\b(?:xai-|nvapi-|pplx-|csk-|r8_|fw_|tgp_v1_|lsv2_(?:pt|sk)_)[A-Za-z0-9_-]{20,}",
        "xai-|nvapi-|pplx-|csk-|r8_|fw_|tgp_v1_|lsv2_", ("xai-", "nvapi-", "pplx-", "csk-", "r8_", "fw_", "tgp_v1_", "lsv2_"),
        check=HAS_DIGIT, found=("xai-EXAMPLEexample0123456789abcdef", "r8_EXAMPLEexample0123456789abcdefghij"),
        kept=("fw_version_of_the_router_board",),
    ),
    Pattern(
        "mistral_key", "Mistral keys, after the name", r"[A-Za-z0-9]{32}", r"(?i:mistral)", ("mistral",),
        lead=rf"(?i:mistral[\w. -]{{0,30}})(?:{SEPARATOR}|\s){QUOTE}(?:(?i:bearer)\s+)?", behind=r"[\w-]", check=HAS_DIGIT,
        group="word", found=("MISTRAL_API_KEY=EXAMPLEexample0123456789EXAMPLEe", "mistral api key EXAMPLEexample0123456789EXAMPLEe"),
        kept=("mistral: mistral-large-2411",),
    ),
    Pattern(
        "cohere_key", "Cohere keys, after the name", r"[A-Za-z0-9]{40}", r"(?i:cohere|\bco_api)", ("cohere", "co_api"),
        lead=rf"(?i:(?:cohere|\bco_api)[\w. -]{{0,30}})(?:{SEPARATOR}|\s){QUOTE}(?:(?i:bearer)\s+)?", behind=r"[\w-]", check=HAS_DIGIT,
        group="word", found=("CO_API_KEY=EXAMPLEexample0123456789EXAMPLEexample01", 'cohere_key: "EXAMPLEexample0123456789EXAMPLEexample01"'),
    ),
    Pattern(
        "jwt", "JSON web tokens", r"\beyJ[A-Za-z0-9_-]{6,}\.eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]*", r"\beyJ[A-Za-z0-9_-]{6}", ("eyj",),
        found=("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJleGFtcGxlIn0.c2lnbmF0dXJl",), kept=("eyJub3QiOiJhIGp3dCJ9",),
    ),
    Pattern(
        "bot_token", "tokens of Telegram bots, DigitalOcean and Shopify",
        r"\b(?:[0-9]{8,10}:AA[\w-]{32,35}|do[oprt]_v1_[a-f0-9]{64}|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32})\b",
        r"[0-9]{8}:AA|do[oprt]_v1_|shp(?:at|ca|pa|ss)_", (":aa", "_v1_", "shpat_", "shpca_", "shppa_", "shpss_"),
        found=("bot 0123456789:AAEXAMPLEexampleEXAMPLEexample01234",),
    ),
    Pattern(
        "service_token", "tokens of Vault, Databricks, Docker Hub, Atlassian, New Relic, Sentry, Linear, Pinecone, Mailgun and age",
        r"\b(?:hv[sbr]\.[\w-]{24,}|dapi[0-9a-f]{32}|dckr_pat_[\w-]{20,}|ATATT3[\w=-]{50,}|NRAK-[A-Z0-9]{27}|sntrys_[\w+/=-]{40,}"
        r"|lin_api_[A-Za-z0-9]{32,}|pcsk_[A-Za-z0-9_]{40,}|key-[0-9a-f]{32}|AGE-SECRET-KEY-1[A-Z0-9]{58})",
        r"\bhv[sbr]\.[\w-]{24}|dapi[0-9a-f]{32}|dckr_pat_|ATATT3|NRAK-|sntrys_|lin_api_|pcsk_|key-[0-9a-f]{32}|AGE-SECRET",
        ("hvs.", "hvb.", "hvr.", "dapi", "dckr_pat_", "atatt3", "nrak-", "sntrys_", "lin_api_", "pcsk_", "key-", "age-secret"),
        found=("hvs.EXAMPLEexample0123456789EXAMPLE", "dapi0123456789abcdef0123456789abcdef", "dckr_pat_EXAMPLEexample0123456789abc"),
        kept=("key-value", "dapi0123", "hvs.py"),
    ),
    Pattern(
        "webhook_path", "paths of Discord webhooks", r"[0-9]{15,22}/[\w-]{40,}", "/api/webhooks/", ("/api/webhooks/",), lead="/api/webhooks/",
        found=("https://discord.com/api/webhooks/012345678901234567/" + "EXAMPLE_example-" * 4,),
    ),
    Pattern(
        "url_password", "passwords in addresses, database addresses included", r"""[^\s/'"<>?#\[][^\s/'"<>?#]*""", r"@[A-Za-z0-9\[_]",
        ("://",), lead=r"""(?i:\b[a-z][a-z0-9+.-]{0,30})://[^\s/:@'"<>?#]{0,200}:""", tail="@",
        group="at", found=("https://ann:hunter2@db.example.com/x", "postgresql://app:p%40ss@db.example.com:5432/x", "redis://:hunter2@r.example.com"),
        kept=("https://example.com:8080/a?mail=x", "http://[::1]:80/@", "mailto:x"),
    ),
    Pattern(
        "url_password", "those of databases, with signs that an address would encode", r"""[^\s/'"<>\[][^\s/'"<>]*""", r"@[A-Za-z0-9\[_]",
        ("://",), lead=r"""(?i:\b(?:postgres(?:ql)?|mysql|mariadb|mongodb|rediss?|amqps?|mssql|oracle|clickhouse)(?:\+[a-z0-9]{1,20})?)://[^\s/:@'"<>?#]{0,200}:""",
        tail="@", group="at", found=("postgresql://app:p#ss?w@db.example.com/x", "mysql+pymysql://app:a@b#c@db/x"), kept=("redis://r.example.com:6379/0#a@b",),
    ),
    Pattern(
        "session_cookie", "cookies whose name speaks of a session or a token", r"""[^"'\r\n\\]+""", NAMED_GATE, ("cookie",),
        lead=rf"(?i:\b(?:set-)?cookies?){SEPARATOR}{QUOTE}",
        inside=r"""((?i:[\w.-]*(?:sess|sid|auth|token|jwt|csrf|xsrf|remember|login)[\w.-]*)=)([^\s;,"'\[][^\s;,"']*)""",
        group="word", found=("Cookie: theme=dark; sessionid=abc123; lang=en", 'set-cookie: "connect.sid=s%3Aabc; Path=/"',),
        kept=("Cookie: theme=dark; lang=en",),
    ),
    Pattern(
        "session_cookie", "cookies of servlets, PHP, ASP.NET, Express and Laravel, wherever they stand", r"""[^\s;,&"'<>\[\]\\?]{8,}""", NAMED_GATE,
        ("session", "phpsessid", "connect.sid"),
        lead=r"(?i:\b(?:JSESSIONID|PHPSESSID|ASPSESSIONID[A-Z]{0,12}|ASP\.NET_SessionId|connect\.sid|laravel_session)\s?[:=]\s?)",
        check=HAS_DIGIT, group="word", found=("GET /a;jsessionid=0A1B2C3D4E5F?x=1", "PHPSESSID=0a1b2c3d4e5f"), kept=("JSESSIONID=missing", "jsessionid: 7"),
    ),
    Pattern(
        "authorization", "what an Authorization header holds", r"[A-Za-z0-9._~+/=:-]{6,}", NAMED_GATE, ("authorization",),
        before=r"\[", lead=rf"(?i:authorization){SEPARATOR}{QUOTE}(?i:(?:Bearer|Basic|Token|Digest|ApiKey|Negotiate)\s+)?",
        check=f"({HAS_DIGIT} OR length({{value}}) >= 20) AND {IS_VALUE}",
        group="word", found=("Authorization: Bearer EXAMPLE-0123456789", 'curl -H "Authorization: Basic dXNlcjpwYXNzd29yZDE="',
               '{"authorization":"Token 0123456789abcdef"}'),
        kept=("Authorization: required", "authorization: failed for model"),
    ),
    Pattern(
        "bearer_token", "tokens after the word Bearer", r"[A-Za-z0-9._~+/-]{8,}=*", r"(?i:bearer)[\s:=]", ("bearer",),
        lead=r"(?i:\bbearer)(?:\s+|\s?[:=]\s{0,3})", check=HAS_DIGIT,
        group="word", found=("with Bearer abcdef0123456789", "bearer: abcdef0123456789", "[Bearer abcdef0123456789]"), kept=("the bearer authentication scheme", "Bearer token missing"),
    ),
    Pattern(
        "basic_auth", "name and password after the word Basic", r"[A-Za-z0-9+/]{8,}={0,2}", r"(?i:basic)\s", ("basic",),
        lead=r"(?i:\bbasic)\s+", check="contains(try(from_base64({value}))::VARCHAR, ':')",
        group="word", found=("Basic dXNlcjpwYXNz", "Authorization: Basic dXNlcjpwYXNzMQ=="), kept=("basic JavaScript", "basic authentication"),
    ),
    Pattern(
        "curl_password", "passwords that curl is given", r"""[^\s"'\[][^\s"']*""", r"(?i:\bcurl)\s", ("curl",),
        lead=r"""(?i:\bcurl)\s(?:[^\n|]{0,300}\s)?(?:-u|--user)[ =]["']?[^\s:"']{1,100}:""",
        group="word", found=("curl -s -u ann:hunter2 https://example.com",), kept=("curl -u ann https://example.com",),
    ),
    Pattern(
        "password", "passwords after their name", rf"""(?:{BARE})""", NAMED_GATE,
        ("passw", "passphrase", "pwd", "contraseña", "senha", "pass="), before=r"\[",
        lead=rf"(?i:(?:password|passwd|passphrase|passwort|contraseña|senha|\bpwd|_pwd)[0-9]?{SEPARATOR}|\b(?:\w{{1,20}}_)?pass=)",
        check=IS_VALUE,
        group="word", found=("login with password=hunter2 failed", "Server=db;User Id=sa;Pwd=example1;", "host=db password=s3cr3t dbname=x"),
        kept=("password: required", "password=***", "password: must be longer", "password=${DB_PASSWORD}", "password = os.environ[0]"),
    ),
    Pattern(
        "password", "passwords in quotes after their name", r"""[^"'\\\n\[][^"'\\\n]{0,200}""", NAMED_GATE,
        ("passw", "passphrase", "pwd"), before=r"\[",
        lead=rf"""(?i:(?:password|passwd|passphrase|\bpwd|_pwd)[0-9]?{SEPARATOR})\\*["']""", check=IS_VALUE,
        group="word", found=('{"password": "correct horse"}', '{\\"password\\":\\"hunter2\\"}', "password='hunter2'"),
        kept=('{"password": ""}', '{"password": "required"}'),
    ),
    Pattern(
        "password", "passwords after a sentence's word", r"""[^\s"',;\[]*[0-9][^\s"',;]*""", r"(?i:password|passphrase)\s", ("password", "passphrase"),
        lead=r"""(?i:\b(?:password|passphrase)\s+(?:(?:for|of)\s+\S{1,60}\s+)?(?:is|was|:)\s+)["']?""", behind=r"\s(?i:character|attempt|day|time|minute|digit)",
        group="word", found=("my password is hunter2, do not tell", "the password for ann is hunter2"), kept=("the password is wrong", "password is 8 characters long"),
    ),
    Pattern(
        "api_key", "API keys after their name", rf"""(?:{BARE})""", NAMED_GATE, ("key",), before=r"\[",
        lead=rf"(?i:(?:api[_-]?key|access[_-]?key|subscription[_-]?key|auth[_-]?key){SEPARATOR}){QUOTE}",
        check=f"length({{value}}) >= 8 AND {HAS_DIGIT} AND {IS_VALUE}",
        group="word", found=("api_key=0123456789abcdef", 'x-api-key: "EXAMPLE0123456789"', "ocp-apim-subscription-key: 0123456789abcdef"),
        kept=("api_key: missing", "api_key_id=7", "access_key=short"),
    ),
    Pattern(
        "api_key", "API keys in a query", r"[A-Za-z0-9_-]{24,}", r"[?&]key=", ("?key=", "&key="), lead=r"[?&](?i:key)=",
        check=f"{HAS_DIGIT} AND regexp_matches({{value}}, '[A-Za-z]') AND NOT regexp_full_match({{value}}, '[0-9a-fA-F]{{8}}-[0-9a-fA-F-]{{27}}')",
        group="word", found=("GET /v1/models?key=EXAMPLEexample0123456789EXAMPLE",), kept=("?key=user_profile", "?key=12345678901234567890123456"),
    ),
    Pattern(
        "token", "tokens after their name", rf"""(?:{BARE})""", NAMED_GATE, ("token",), before=r"\[",
        lead=rf"(?i:(?:access|refresh|auth|id|session|bearer|api|security|bot|csrf|xsrf|personal|private|hub|deploy|registry|admin|job)[_-]?token{SEPARATOR}){QUOTE}",
        check=f"length({{value}}) >= 8 AND {HAS_DIGIT} AND {IS_VALUE}",
        group="word", found=("refresh_token=EXAMPLE-0123456789", "PRIVATE-TOKEN: EXAMPLE0123456789", "//registry.example.com/:_authToken=EXAMPLE0123456789"),
        kept=("max_tokens=4096", "output_tokens: 512", "token: 5", "next_page_token=2"),
    ),
    Pattern(
        "token", "long values after the word token", r"[A-Za-z0-9_./+=-]{16,}", NAMED_GATE, ("token",), before=r"[\[\w-]",
        lead=rf"(?i:token{SEPARATOR}){QUOTE}", check=HAS_DIGIT,
        group="word", found=("token=EXAMPLE0123456789abcdef",), kept=("token: tokenizer.encode", 'x {"token":"Hello1","logprob":-0.1}'),
    ),
    Pattern(
        "secret", "secrets after their name", rf"""(?:{BARE})""", NAMED_GATE, ("secret", "key", "credential"), before=r"\[",
        lead=rf"(?i:(?:secret(?:[_-]?key)?|signing[_-]?key|encryption[_-]?key|private[_-]?key|credentials?){SEPARATOR}){QUOTE}",
        check=f"length({{value}}) >= 6 AND {HAS_DIGIT} AND {IS_VALUE}",
        group="word", found=("client_secret=EXAMPLE0123", '{"secret":"0123456789abcdef"}'), kept=("secret: santa", "secret=none"),
    ),
    Pattern(
        "secret", "values of a command's options, such as --api-key", r"""[^\s"'\\\[-][^\s"'\\]*""",
        r"--[a-z0-9-]{0,30}(?:passw(?:or)?d|passphrase|token|secret|key)\s", ("--",),
        lead=r"""--(?:[a-z0-9-]{1,30}-)?(?:passw(?:or)?d|passphrase|token|secret|(?:api|access|secret|auth)-?key)\s{1,3}["']?""",
        check=f"length({{value}}) >= 6 AND {HAS_DIGIT} AND {IS_VALUE}",
        group="word", found=("app --api-key EXAMPLE0123 run", "mysqldump --password 'hunter22' db"),
        kept=("app --token --verbose", "app --max-tokens 409600", "app --password $PASSWORD", "see --password for more"),
    ),
)  # fmt: skip
"""In the order in which they are looked for: what has a form of its own before what only has a name."""
