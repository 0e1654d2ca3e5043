r"""Secrets: keys, tokens and passwords, by how they look or by the word before them.

Takes      what opens something for whoever holds it
Leaves     [secret:TYPE]; the value is not kept anywhere, not even as a hash
Blind to   secrets without a form of their own and without a word before them; those in names of keys
"""

from __future__ import annotations

from clew.redact import _commands, _headers
from clew.redact._pattern import MARK_BEGINS, Pattern
from clew.redact._words import (
    BARE,
    BESIDE,
    HAS_DIGIT,
    IN_PAIR,
    IS_VALUE,
    KEYS,
    NAMED_GATE,
    PASSWORDS,
    QUOTE,
    SEPARATOR,
    TOKENS,
)

AWS_MARK = r"\[secret:aws_access_key\]"
BESIDE_GATE = "(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{8}"
BESIDE_HINTS = ("akia", "asia", "abia", "acca")
LIKE_AWS_SECRET = (
    "regexp_matches({value}, '[0-9]') AND regexp_matches({value}, '[A-Z]') AND regexp_matches({value}, '[a-z]') AND "
    "length(regexp_replace({value}, '[a-z]+|[A-Z]+|[0-9]+|[/+]+', '.', 'g')) >= 17"
)
"""Random signs change their kind more often than words, paths and hashes in hexadecimal do."""

USER = r"""(?:\[[a-z0-9_]{1,20}:[a-z0-9_]{1,20}\]|[^\s/:@'"<>?#\[]{0,200})"""

IS_SECRET = True
"""What is found is gone for good."""

PATTERNS: tuple[Pattern, ...] = (
    Pattern(
        "private_key", "PEM private keys, those of service accounts included",
        r"(?s:-----BEGIN[ +][A-Z0-9 +]{0,40}PRIVATE[ +]KEY[A-Z ]{0,10}-----(?:.*?-----END[ +][A-Z0-9 +]{0,40}PRIVATE[ +]KEY"
        r"[A-Z ]{0,10}-----|(?:\s|\\+[nr])*[A-Za-z0-9+/=]{40}(?:[A-Za-z0-9+/=\s]|\\+[nr])*))"
        r"|(?:[A-Za-z0-9+/=]{20,100}(?:\s|\\+[nr]){1,6})+-----END [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----"
        r"|\bLS0tLS1CRUdJTi(?:BSU0Eg|BQUklW|BFQyBQ|BPUEVO|BFTkNS|BEU0Eg|BQR1AgUFJJ)[A-Za-z0-9+/]{20,}={0,2}"
        r"|PuTTY-User-Key-File-[0-9](?s:.*?)Private-MAC: [0-9a-f]{40,64}",
        "-----BEGIN|-----END|LS0tLS1CRUdJTi|PuTTY-User-Key", ("private key", "private+key", "ls0tls1crudjti", "putty-user-key"),
        found=(
            "-----BEGIN RSA PRIVATE KEY-----\nMIIEow==\n-----END RSA PRIVATE KEY-----",
            '"private_key":"-----BEGIN PRIVATE KEY-----\\nMIIEvA==\\n-----END PRIVATE KEY-----\\n"',
            "-----BEGIN OPENSSH PRIVATE KEY-----\n" + "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ" * 2,
            "EXAMPLEexampleEXAMPLEexample\nEXAMPLEexampleEXAMPLE==\n-----END RSA PRIVATE KEY-----",
            "tls.key: LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpFWEFNUExFZXhhbXBsZQ==",
            "/x?k=-----BEGIN+RSA+PRIVATE+KEY-----\\nMIIEow==\\n-----END+RSA+PRIVATE+KEY-----",
            "PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\nEXAMPLE\nPrivate-MAC: " + "0123456789abcdef" * 4,
        ),
        kept=("LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUI=", "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----", "a -----BEGIN PRIVATE KEY----- line"),
    ),
    Pattern(
        "aws_access_key", "AWS access key ids", r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b", "(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{8}",
        ("akia", "asia", "abia", "acca"),
        found=("key AKIAIOSFODNN7EXAMPLE used",), kept=("AKIA is a prefix", "XAKIAIOSFODNN7EXAMPLE"),
    ),
    Pattern(
        "aws_secret_key", "AWS secret access keys, after their name", r"[A-Za-z0-9/+=]{40}", NAMED_GATE + r"|secret_access_key\s",
        ("secret",), lead=rf"(?i:secret[_ .-]?(?:access[_ .-]?)?key)(?:{BESIDE}{QUOTE}|\s)", behind="[A-Za-z0-9/+=]",
        group="word", found=("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
               '"SecretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"', "aws configure set aws_secret_access_key wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
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
        "aws_session_token", "AWS session tokens, after their name", r"(?:IQoJ|FwoG|FQoG)[A-Za-z0-9/+=%]{46,}", NAMED_GATE,
        ("token",), lead=rf"(?i:(?:session|security)[_ .-]?token){BESIDE}{QUOTE}",
        group="word", found=("aws_session_token=" + "IQoJb3JpZ2luX2VjEXAMPLE" * 3,),
    ),
    Pattern(
        "aws_bedrock_key", "Amazon Bedrock API keys", r"\b(?:ABSK[A-Za-z0-9+/]{60,}|bedrock-api-key-[A-Za-z0-9+/_-]{40,})={0,2}", "ABSK|bedrock-api-key-",
        ("absk", "bedrock-api-key-"), found=("ABSK" + "EXAMPLEexample01" * 8 + "==", "bedrock-api-key-" + "EXAMPLEexample01" * 4), kept=("ABSK is a prefix",),
    ),
    Pattern(
        "google_api_key", "Google Cloud API keys", r"\b(?:AIza[0-9A-Za-z_-]{30,}|AQ\.Ab[0-9A-Za-z_-]{30,})", r"AIza|AQ\.Ab", ("aiza", "aq.ab"),
        found=("key AQ.Ab8EXAMPLEexample0123456789EXAMPLEexample_01", "?key=AIzaSyD-EXAMPLE-not-a-real-key-0123456",), kept=("AIza alone",),
    ),
    Pattern(
        "google_oauth", "Google OAuth tokens and client secrets", r"\b(?:ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}|1//0[\w-]{30,})",
        r"ya29\.|GOCSPX-|\b1//0", ("ya29.", "gocspx-", "1//0"),
        found=("refresh 1//0gEXAMPLEexample0123456789EXAMPLEexample", "token ya29.a0AfH6SMBEXAMPLEEXAMPLE-example", "GOCSPX-abcdefghijklmnopqrstuvwx01"),
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
        "azure_api_key", "keys of Azure AI services, and tokens of Azure DevOps", r"\b(?:[A-Za-z0-9]{52}JQQJ99[A-Za-z0-9]{26}|[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4})\b",
        "JQQJ99|AZDO", ("jqqj99", "azdo"), found=("key " + "EXAMPLEexample" * 3 + "EXAMPLE012JQQJ99EXAMPLEexample0123456789AB",), kept=("AZDO agent",),
    ),
    Pattern(
        "github_token", "GitHub tokens", r"\b(?:gh[pousr]_(?:[A-Za-z0-9]{1,20}_)?eyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]{6,}|gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255})",
        "gh[pousr]_[A-Za-z0-9]|github_pat_", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        found=(*(f"{kind}_EXAMPLEexampleEXAMPLEexample012345678" for kind in ("ghp", "gho", "ghu", "ghs", "ghr")),
               "github_pat_11EXAMPLE0example0EXAMPLE_example"),
        kept=("a ghp_short",),
    ),
    Pattern(
        "gitlab_token", "GitLab tokens", r"\bgl(?:pat|dt|rt|rtr|ft|cbt|ptt|oas|soat|imt|wt|ffct|agent)-[\w-]{16,}(?:\.[0-9a-z]{2}\.[0-9a-z]{7,9}\b)?",
        r"gl[a-z]{2,5}-[\w-]", ("glpat-", "gldt-", "glrt-", "glrtr-", "glft-", "glcbt-", "glptt-", "gloas-", "glsoat-", "glimt-", "glwt-", "glffct-", "glagent-"),
        found=("glpat-EXAMPLEexample012345", "glpat-EXAMPLEexample0123456789EXAMPLE.01.0z1examp9 is gone", "gldt--EXAMPLEexample012345"), kept=("glad-to-see-you-here-today-again",),
    ),
    Pattern(
        "slack_token", "Slack tokens", r"\bxoxd-[A-Za-z0-9%+/=_-]{10,}|\bxox[abceoprs](?:\.xox[bp])?-[A-Za-z0-9-]{10,}|\bxapp-[0-9]-[A-Za-z0-9-]{10,}",
        "xox[abcdeoprs][.-]|xapp-", ("xox", "xapp-"),
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
        "twilio_token", "Twilio auth tokens, behind the id of their account", "[0-9a-f]{32}", r"\bAC[0-9a-f]{8}", ("ac",),
        lead=r"""\[secret:twilio_key\]["']?\s?[,:]\s?["']?""", behind=r"[\w-]",
        found=('Client("AC0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef")',),
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
        "model_provider_key", "keys of xAI, NVIDIA, Perplexity, Replicate, Together, Fireworks, Cerebras, LangSmith, Tavily, Jina, ElevenLabs and Voyage",
        r"\b(?:(?:xai-|nvapi-|pplx-|csk-|r8_|fw_|tgp_v1_|lsv2_(?:pt|sk)_|tvly-|jina_)[A-Za-z0-9_-]{20,}|sk_[0-9a-f]{48}|sess-[A-Za-z0-9]{40}|pa-[A-Za-z0-9_-]{43}\b)",
        "xai-|nvapi-|pplx-|csk-|r8_|fw_|tgp_v1_|lsv2_|tvly-|jina_|sk_[0-9a-f]{8}|sess-[A-Za-z0-9]{8}|\bpa-[A-Za-z0-9_-]{8}",
        ("xai-", "nvapi-", "pplx-", "csk-", "r8_", "fw_", "tgp_v1_", "lsv2_", "tvly-", "jina_", "sk_", "sess-", "pa-"),
        check=HAS_DIGIT, found=("xai-EXAMPLEexample0123456789abcdef", "r8_EXAMPLEexample0123456789abcdefghij"),
        kept=("fw_version_of_the_router_board",),
    ),
    Pattern(
        "mistral_key", "Mistral keys, after the name", r"[A-Za-z0-9]{32}", r"(?i:mistral)", ("mistral",),
        lead=rf"(?i:mistral[\w. -]{{0,30}})(?:{SEPARATOR}|\s|\(){QUOTE}(?:(?i:bearer)\s+)?", behind=r"[\w-]", check=HAS_DIGIT,
        group="word", found=("MISTRAL_API_KEY=EXAMPLEexample0123456789EXAMPLEe", "mistral api key EXAMPLEexample0123456789EXAMPLEe"),
        kept=("mistral: mistral-large-2411",),
    ),
    Pattern(
        "cohere_key", "Cohere keys, after the name", r"[A-Za-z0-9]{40}", r"(?i:cohere|\bco_api)", ("cohere", "co_api"),
        lead=rf"(?i:(?:cohere|\bco_api)[\w. -]{{0,30}})(?:{SEPARATOR}|\s|\(){QUOTE}(?:(?i:bearer)\s+)?", behind=r"[\w-]", check=HAS_DIGIT,
        group="word", found=("CO_API_KEY=EXAMPLEexample0123456789EXAMPLEexample01", 'cohere_key: "EXAMPLEexample0123456789EXAMPLEexample01"'),
    ),
    Pattern(
        "jwt", "JSON web tokens", r"\beyJ[A-Za-z0-9_-]{6,}\.(?:eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]*|[A-Za-z0-9_-]*\.[A-Za-z0-9_-]{12,}\.[A-Za-z0-9_-]{12,}\.[A-Za-z0-9_-]{12,})", r"\beyJ[A-Za-z0-9_-]{6}", ("eyj",),
        found=("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJleGFtcGxlIn0.c2lnbmF0dXJl",), kept=("eyJub3QiOiJhIGp3dCJ9",),
    ),
    Pattern(
        "bot_token", "tokens of Telegram bots, DigitalOcean and Shopify",
        r"\b(?:[0-9]{8,10}:AA[\w-]{32,35}|do[oprt]_v1_[a-f0-9]{64}|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32})\b",
        r"[0-9]{8}:AA|do[oprt]_v1_|shp(?:at|ca|pa|ss)_", (":aa", "_v1_", "shpat_", "shpca_", "shppa_", "shpss_"),
        found=("bot 0123456789:AAEXAMPLEexampleEXAMPLEexample01234",),
    ),
    Pattern(
        "service_token", "tokens of Vault, Databricks, Docker Hub, Atlassian, New Relic, Sentry, Linear, Pinecone, Mailgun, age, Notion, Figma, Postman and others",
        r"\b(?:hv[sbr]\.[\w-]{24,}|dapi[0-9a-f]{32}|dckr_pat_[\w-]{20,}|ATATT3[\w=-]{50,}|NRAK-[A-Z0-9]{27}|sntrys_[\w+/=-]{40,}"
        r"|ntn_[A-Za-z0-9]{40,}|figd_[\w-]{30,}|PMAK-[0-9a-f]{24}-[0-9a-f]{34}|sb_secret_[\w-]{20,}|sbp_[0-9a-f]{40}|rubygems_[0-9a-f]{48}"
        r"|tskey-[a-z]{2,10}-[\w-]{20,}|xkeysib-[0-9a-f]{64}-[A-Za-z0-9]{16}|glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}|phx_[A-Za-z0-9]{40,}"
        r"|dp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{40,}|[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,}|lin_api_[A-Za-z0-9]{32,}|pcsk_[A-Za-z0-9_]{40,}|key-[0-9a-f]{32}|AGE-SECRET-KEY-1[A-Z0-9]{58})",
        r"\bhv[sbr]\.[\w-]{24}|dapi[0-9a-f]{32}|dckr_pat_|ATATT3|NRAK-|sntrys_|lin_api_|pcsk_|key-[0-9a-f]{32}|AGE-SECRET"
        r"|\bntn_|figd_|PMAK-|sb_secret_|sbp_|rubygems_|tskey-|xkeysib-|glsa_|phx_|\bdp\.[a-z]{2,5}\.|\.atlasv1\.",
        ("hvs.", "hvb.", "hvr.", "dapi", "dckr_pat_", "atatt3", "nrak-", "sntrys_", "lin_api_", "pcsk_", "key-", "age-secret",
         "ntn_", "figd_", "pmak-", "sb_secret_", "sbp_", "rubygems_", "tskey-", "xkeysib-", "glsa_", "phx_", "dp.", ".atlasv1."),
        found=("hvs.EXAMPLEexample0123456789EXAMPLE", "dapi0123456789abcdef0123456789abcdef", "dckr_pat_EXAMPLEexample0123456789abc"),
        kept=("key-value", "dapi0123", "hvs.py"),
    ),
    Pattern(
        "webhook_path", "paths of Discord webhooks", r"[0-9]{15,22}/[\w-]{40,}", "/api/webhooks/", ("/api/webhooks/",), lead="/api/webhooks/",
        found=("https://discord.com/api/webhooks/012345678901234567/" + "EXAMPLE_example-" * 4,),
    ),
    Pattern(
        "url_password", "tokens in place of a name in addresses", r"""[^\s/:@'"<>?#\[]{16,}""", r"@[A-Za-z0-9\[_]", ("://",), lead="://",
        tail=":(?:x-oauth-basic|x-oauth-token|x)?@", group="at", found=("https://EXAMPLE0123456789abcdef:x-oauth-basic@github.com/a/b",),
        kept=("https://EXAMPLE0123456789.example.com:8443/a@b",),
    ),
    Pattern(
        "url_password", "passwords in addresses, database addresses included", r"""[^\s/'"<>?#\[][^\s/'"<>?#]*""", r"@[A-Za-z0-9\[_]",
        ("://", ":\\/"), lead=rf"""(?i:\b[a-z][a-z0-9+.-]{{0,30}}):\\{{0,3}}/\\{{0,3}}/{USER}:""", tail="@",
        group="at", found=("https://ann:hunter2@db.example.com/x", "postgresql://app:p%40ss@db.example.com:5432/x", "redis://:hunter2@r.example.com"),
        kept=("https://example.com:8080/a?mail=x", "http://[::1]:80/@", "mailto:x"),
    ),
    Pattern(
        "url_password", "those of databases, with signs that an address would encode", r"""[^\s/'"<>\[][^\s/'"<>]*""", r"@[A-Za-z0-9\[_]",
        ("://",), lead=r"""(?i:\b(?:postgres(?:ql)?|mysql|mariadb|mongodb|rediss?|amqps?|mssql|oracle|clickhouse)(?:\+[a-z0-9]{1,20})?)://""" + USER + ":",
        tail="@", group="at", found=("postgresql://app:p#ss?w@db.example.com/x", "mysql+pymysql://app:a@b#c@db/x"), kept=("redis://r.example.com:6379/0#a@b",),
    ),
    *_headers.PATTERNS,
    *_commands.PATTERNS,
    Pattern(
        "password", "passwords after their name", rf"""(?:{BARE})""", NAMED_GATE,
        ("passw", "passphrase", "passcode", "pwd", "contraseña", "senha", "pass", "pw", "kennwort", "wachtwoord"), before=MARK_BEGINS,
        lead=rf"(?i:(?:{PASSWORDS})[0-9]?{SEPARATOR}|\bpass=)`?",
        check=rf"{IS_VALUE} AND NOT regexp_full_match({{value}}, '[0-9.]{{1,5}}(?:ms|s|%)?|[/~].*|[+]')",
        group="word", found=("login with password=hunter2 failed", "Server=db;User Id=sa;Pwd=example1;", "(b'password', b'hunter2')", "const password = `hunter2`", "map[password:hunter2 user:ann]", "host=db password=s3cr3t dbname=x", "os.environ['DB_PASS'] = 'hunter2'", "mot de passe : hunter2"),
        kept=("PWD=/app/src", "pass=12 fail=3", "password: required", "password=***", "password: must be longer", "password=${DB_PASSWORD}", "password = os.environ[0]", "password = getpass.getpass()"),
    ),
    Pattern(
        "password", "those in quotes that hold the other quote, or an escaped one", r"""[^"'\\\n\[](?:[^"'\\\n]|['"][^"'\\\s,;:)}\]]|\\["']){0,200}""", NAMED_GATE,
        ("pass", "pwd", "pw", "contraseña", "senha", "kennwort", "wachtwoord"), before=MARK_BEGINS, lead=rf"""(?i:(?:{PASSWORDS})[0-9]?{SEPARATOR})["']""", tail=r"""["'](?:[\s,;:)}\]]|$)""", check=IS_VALUE,
        group="word", found=("'password': \"it's hunter2\"", 'password="a \\" hunter2"'), kept=('{"password": "required"}',),
    ),
    Pattern(
        "password", "passwords in quotes after their name", r"""[^"'\\\n\[][^"'\\\n]{0,200}""", NAMED_GATE,
        ("pass", "pwd", "pw", "contraseña", "senha", "kennwort", "wachtwoord"), before=MARK_BEGINS,
        lead=rf"""(?i:(?:{PASSWORDS})[0-9]?{SEPARATOR})\\*["']""", check=IS_VALUE,
        group="word", found=('{"password": "correct horse"}', '{\\"password\\":\\"hunter2\\"}', "password='hunter2'"),
        kept=('{"password": ""}', '{"password": "required"}'),
    ),
    Pattern(
        "password", "passwords beside their name in pairs and tables", rf"(?:{BARE})", NAMED_GATE,
        ("passw", "passphrase", "pwd", "_pass"), lead=rf"(?i:(?:{PASSWORDS}){IN_PAIR}){QUOTE}",
        check=f"length({{value}}) >= 6 AND {HAS_DIGIT} AND {IS_VALUE} AND NOT regexp_matches({{value}}, '^[a-z]+[(]')",
        group="word", found=("[('user', 'ann'), ('password', 'hunter2')]", "| DB_PASSWORD | hunter2 |"), kept=("| password | varchar(255) |", "['password', 'email']"),
    ),
    Pattern(
        "password", "passwords after a sentence's word", r"""[^\s"',;\[]*[0-9][^\s"',;]*""", r"(?i:password|passphrase)\s", ("password", "passphrase"),
        lead=r"""(?i:\b(?:password|passphrase)(?:\s+(?:for|of)\s+[^\s:]{1,60})?(?:\s+(?:is|was)|\s?:)\s+)["']?""", behind=r"\s(?i:character|attempt|day|time|minute|digit)",
        group="word", found=("my password is hunter2, do not tell", "the password for ann is hunter2", "Password for ann: hunter2"), kept=("the password is wrong", "password is 8 characters long"),
    ),
    Pattern(
        "api_key", "API keys after their name", rf"""(?:{BARE})""", NAMED_GATE, ("key",), before=MARK_BEGINS,
        lead=rf"(?i:(?:{KEYS}){BESIDE}){QUOTE}",
        check=f"length({{value}}) >= 8 AND {HAS_DIGIT} AND {IS_VALUE}",
        group="word", found=("api_key=0123456789abcdef", "`api_key`: \"0123456789abcdef\"", "[(b'x-api-key', b'0123456789abcdef')]", "openai.api.key=0123456789abcdef",
               '<add key="API_KEY" value="0123456789abcdef"/>', "- name: API_KEY\n  value: 0123456789abcdef", '?c={"api_key":+"0123456789abcdef"}', "azure openai api key: 0123456789abcdef",'x-api-key: "EXAMPLE0123456789"', "ocp-apim-subscription-key: 0123456789abcdef"),
        kept=("api_key: missing", "api_key_id=7", "access_key=short"),
    ),
    Pattern(
        "api_key", "keys after a name in capitals", r"(?:base64:)?[A-Za-z0-9+/]{24,}={0,2}", NAMED_GATE, ("_key",), before=MARK_BEGINS,
        lead=rf"\b[A-Z][A-Z0-9_]{{0,40}}_KEY(?:_BASE)?{BESIDE}{QUOTE}", behind=r"[\w.-]",
        check=f"{HAS_DIGIT} AND regexp_matches({{value}}, '[A-Za-z]') AND NOT starts_with({{value}}, '/')",
        group="word", found=("APP_KEY=base64:EXAMPLEexample0123456789EXAMPLE=", "export ACME_KEY='EXAMPLEexample0123456789'"),
        kept=("SSH_KEY=/home/ann/EXAMPLEexample0123456789", "CACHE_KEY=user_42_profile_of_the_season_2024"),
    ),
    Pattern(
        "api_key", "API keys in a query", r"[A-Za-z0-9_-]{24,}", r"[?&]key=", ("?key=", "&key="), lead=r"[?&](?i:key)=",
        check=f"{HAS_DIGIT} AND regexp_matches({{value}}, '[A-Za-z]') AND NOT regexp_full_match({{value}}, '[0-9a-fA-F]{{8}}-[0-9a-fA-F-]{{27}}')",
        group="word", found=("GET /v1/models?key=EXAMPLEexample0123456789EXAMPLE",), kept=("?key=user_profile", "?key=12345678901234567890123456"),
    ),
    Pattern(
        "token", "tokens after their name", rf"""(?:{BARE})""", NAMED_GATE, ("token", "_auth"), before=MARK_BEGINS,
        lead=rf"(?i:(?:{TOKENS}){BESIDE}){QUOTE}",
        check=f"length({{value}}) >= 8 AND {HAS_DIGIT} AND {IS_VALUE}",
        group="word", found=("refresh_token=EXAMPLE-0123456789", "PRIVATE-TOKEN: EXAMPLE0123456789", "//registry.example.com/:_authToken=EXAMPLE0123456789"),
        kept=("max_tokens=4096", "output_tokens: 512", "token: 5", "next_page_token=2"),
    ),
    Pattern(
        "token", "long values after the word token", r"[A-Za-z0-9_./+=-]{16,}", NAMED_GATE, ("token",), before=r"[\[\w-]",
        lead=rf"(?i:token{BESIDE}){QUOTE}", check=HAS_DIGIT,
        group="word", found=("token=EXAMPLE0123456789abcdef", "{'token': \"'EXAMPLE0123456789abcdef'\"}"), kept=("token: tokenizer.encode", 'x {"token":"Hello1","logprob":-0.1}'),
    ),
    Pattern(
        "token", "codes and keys in a query", r"[A-Za-z0-9._~/+%-]{30,}={0,2}", "[?&]code=", ("?code=", "&code="), lead="[?&]code=", check=HAS_DIGIT,
        group="word", found=("GET /api/fn?code=EXAMPLEexample0123456789EXAMPLEexample==",), kept=("?code=200",),
    ),
    Pattern(
        "secret", "what stands between the tags of a secret's name", r"[^<\s\[][^<]{0,500}", r"(?i:password|passwd|secret|token|key)>",
        ("password", "passwd", "secret", "token", "key"), lead=r"""<(?i:[\w:.-]{0,30}(?:password|passwd|secret|token|(?:access|api|account|storage|secret|private|auth)[_.-]?key))>""", tail="</", check=f"{IS_VALUE} AND NOT regexp_full_match({{value}}, '[0-9.]+')", group="word",
        found=("<azure_storage_key>EXAMPLE+01</azure_storage_key>", "<db:password>hunter2</db:password>", "<SecretAccessKey>wJalrXUtnFEMI/K7MDENG/bPxRfiCY</SecretAccessKey>"), kept=("<password></password>", "<max_token>4096</max_token>", "<Key>photos/2026.jpg</Key>"),
    ),
    Pattern(
        "secret", "secrets after their name", rf"""(?:{BARE})""", NAMED_GATE, ("secret", "key", "credential"), before=MARK_BEGINS,
        lead=rf"(?i:(?:(?:secret|signing|encryption|private)[_.-]?key|secret|credentials?){BESIDE}){QUOTE}",
        check=f"length({{value}}) >= 6 AND {HAS_DIGIT} AND {IS_VALUE}",
        group="word", found=("client_secret=EXAMPLE0123", "| CLIENT_SECRET | EXAMPLE0123 |", "**secret_key**: `EXAMPLE0123`", '{"secret":"0123456789abcdef"}'), kept=("secret: santa", "secret=none"),
    ),
    Pattern(
        "secret", "keys, tokens and secrets after a sentence's word", r"[A-Za-z0-9_./+=~-]{20,}", r"(?i:key|token|secret)(?:\s(?:is|was)\s|\s?:\s)", ("key", "token", "secret"),
        lead=r"""(?i:\b(?:api|access|account|storage|secret|auth|session|security|private|client|signing|encryption)[ _-](?:access[ _-])?(?:key|token|secret)(?:\s(?:is|was)\s|\s?:\s))["'`]?""",
        check=f"{HAS_DIGIT} AND regexp_matches({{value}}, '[A-Za-z]') AND NOT regexp_full_match({{value}}, '[0-9a-fA-F]{{8}}-[0-9a-fA-F-]{{27}}|[a-z]+[/._-][a-z0-9/._-]*|[0-9]{{4}}-.*')",
        group="word", found=("my aws secret access key is wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "the access token was EXAMPLE0123456789abcdef", "storage key: EXAMPLEexample0123456789=="),
        kept=("the storage key is uploads/2026/01/02/file.png", "the secret is in prod-db-password-2026-rotated", "the access token is 01234567-89ab-cdef-0123-456789abcdef"),
    ),
    Pattern(
        "secret", "values of a command's options, such as --api-key", r"""[^\s"'\\\[-][^\s"'\\]*""",
        r"--[a-z0-9-]{0,30}(?:passw(?:or)?d|passphrase|token|secret|key)\s", ("--",),
        lead=r"""--(?:[a-z0-9-]{1,30}-)?(?:passw(?:or)?d|passphrase|token|secret|(?:api|access|secret|auth|account|storage|master|license)-?key)\s{1,3}["']?""",
        check=f"length({{value}}) >= 6 AND {HAS_DIGIT} AND {IS_VALUE}",
        group="word", found=("app --api-key EXAMPLE0123 run", "mysqldump --password hunter22 db"),
        kept=("app --token --verbose", "app --max-tokens 409600", "app --password $PASSWORD", "see --password for more"),
    ),
)  # fmt: skip
"""In the order in which they are looked for: what has a form of its own before what only has a name."""
