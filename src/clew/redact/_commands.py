r"""Secrets where commands and SQL want them: `mysql -uroot -phunter2`, `IDENTIFIED BY 'hunter2'`."""

from __future__ import annotations

from clew.redact._pattern import NO_VALUES, Pattern

WITHIN = r"""(?:\s[^\n|;]{0,300})?"""
"""Between a command's name and the option."""
ARGUMENT = r"""[^\s"'\\$\[-][^\s"'\\]*"""
IS_ARGUMENT = f"NOT regexp_full_match({{value}}, '{NO_VALUES}')"
LEADS = {
    "-p with nothing behind it": rf"\b(?:mysql[a-z]{{0,10}}|mariadb(?:-[a-z]{{1,10}})?|mycli|sshpass){WITHIN}\s-p",
    "-p": rf"\b(?:sshpass|mongo[a-z]{{0,10}}|cqlsh|(?:docker|podman|nerdctl|oras|skopeo|buildah|az)\s+login){WITHIN}\s-p\s{{1,3}}",
    "-P": rf"\b(?:sqlcmd|bcp|isql|mosquitto_[a-z]{{3}}){WITHIN}\s-P\s{{0,3}}",
    "-a": rf"\b(?:redis|valkey|keydb)-cli{WITHIN}\s-a\s{{1,3}}",
    "-w": rf"\bldap[a-z]{{3,8}}{WITHIN}\s-w\s{{0,3}}",
    "-U": rf"""\b(?:smbclient|rpcclient){WITHIN}\s-U\s{{0,3}}["']?[^\s%"']{{1,60}}%""",
    "a place of its own": r"\bhtpasswd\s+-[a-zA-Z]{0,4}b[a-zA-Z]{0,4}\s+\S{1,200}\s+\S{1,60}\s+|\bnet\s+use\s[^\n|;]{0,200}/user:\S{1,60}\s+",
    "a setting": r"\b(?:requirepass|masterauth)\s{1,5}|\blogin\s{1,5}\S{1,100}\s{1,5}password\s{1,5}|\s-pass(?:in|out)?\s{1,3}pass:",
}  # fmt: skip
"""What stands before a password, by the option that it belongs to."""
GATE = (
    r"(?i:\b(?:mysql|mariadb|mycli|sshpass|mongo|cqlsh|sqlcmd|bcp|isql|mosquitto_|redis-cli|valkey-cli|keydb-cli"
    r"|smbclient|rpcclient|htpasswd))[a-z-]{0,6}\s|\bldap[a-z]{3,8}\s-"
    r"|\b(?:docker|podman|nerdctl|oras|skopeo|buildah|az) login\s|\bnet use\s|\b(?:requirepass|masterauth)\s"
    r"|\spassword\s|\spass:"
)
HINTS = ("mysql", "mariadb", "mycli", "sshpass", "mongo", "cqlsh", "sqlcmd", "bcp", "isql", "mosquitto", "-cli", "ldap",
         "smbclient", "rpcclient", "htpasswd", "login", "net use", "requirepass", "masterauth", "pass:")  # fmt: skip

PATTERNS: tuple[Pattern, ...] = (
    Pattern(
        "password", "passwords that commands are given", ARGUMENT, GATE, HINTS, group="word",
        lead=rf"""(?:{"|".join(LEADS.values())})["']?""", check=IS_ARGUMENT,
        found=("mysql -u root -phunter2 app", "mysqldump -uroot -p'hunter2' app", "sshpass -p hunter2 ssh host", "docker login -u ann -p hunter2 reg",
               "mongosh mongodb://h -u ann -p hunter2", "redis-cli -h cache -a hunter2 ping", "sqlcmd -S h -U sa -P hunter2 -Q x", "ldapsearch -x -w hunter2 -b dc",
               "smbclient //h/s -U ann%hunter2", "htpasswd -b .htpasswd ann hunter2", "net use Z: x /user:ann hunter2", "requirepass hunter2",
               "machine h login ann password hunter2", "openssl rsa -in k -passin pass:hunter2"),
        kept=("mysql -p app", "mysql -u root -h db app", "redis-cli -h cache ping", "docker login -u ann -p $PASSWORD", "mysql --port 3306"),
    ),
    Pattern(
        "password", "what is piped to a command that asks for a password", r"""[^\s"'|\\\[-][^"'|\n]{0,100}?""", r"\becho\s", ("echo",), group="word",
        lead=r"""\becho\s{1,3}(?:-n\s)?["']?""", tail=r"""["']?\s{0,3}\|[^\n|]{0,80}(?:--password-stdin|--with-token|sudo\s[^\n|]{0,20}-S\b|--stdin\b|\bchpasswd\b)""",
        check=IS_ARGUMENT,
        found=("echo hunter2 | docker login --password-stdin", "echo 'hunter2' | sudo -S ls"), kept=("echo done | tee log", "echo $PASSWORD | sudo -S ls"),
    ),
    Pattern(
        "password", "passwords in SQL", r"[^'\"\s\[][^'\"\n]{0,200}", r"(?i:\bidentified\s|\bpassword\s{0,3}(?:=\s{0,3}|\(\s{0,3})?N?['\"])",
        ("identified", "password"), group="word",
        lead=r"(?i:\bidentified\s+(?:with\s+\S{1,60}\s+)?by\s+(?:password\s+)?|\bpassword\s{1,3}(?:=\s{0,3})?|\bpassword\s{0,3}\(\s{0,3})N?['\"]", tail=r"['\"]",
        check=IS_ARGUMENT,
        found=("ALTER USER 'root'@'%' IDENTIFIED BY 'hunter2'", "CREATE ROLE a PASSWORD 'hunter2'", "CREATE LOGIN a WITH PASSWORD = N'hunter2'", "SET PASSWORD = PASSWORD('hunter2')"),
        kept=("IDENTIFIED BY ''", "field password 'required'"),
    ),
    Pattern(
        "password", "passwords behind the name of an Oracle user", r"[^\s@\"'/\[]{3,60}", r"(?i:\bsqlplus|\bexpdp|\bimpdp|\brman|:thin)[\s:]", ("sqlplus", "expdp", "impdp", "rman", ":thin"),
        group="word", lead=r"""(?i:\b(?:sqlplus|expdp|impdp|rman)\s(?:-[a-z]\s)?|:thin:)["']?[^\s/@"']{1,60}/""", tail="@",
        found=("sqlplus scott/tiger@orcl", "jdbc:oracle:thin:scott/tiger@//h:1521/x"), kept=("sqlplus / as sysdba", "jdbc:oracle:thin:@//h:1521/x"),
    ),
)  # fmt: skip
