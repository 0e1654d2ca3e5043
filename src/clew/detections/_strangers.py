"""Who is no client of a service: crawlers that name themselves, and what only scanners ask for."""

from __future__ import annotations

import ibis.expr.types as ir

PROBE = (
    r"(?i)(^|/)\.(env|git|svn|hg|aws|ssh|htaccess|htpasswd|ds_store|vscode|docker)(/|\.|$)"  # /.env.local
    r"|/(wp-login|xmlrpc|phpinfo|adminer|eval-stdin|shell|cgi-bin/[^/]*)\.?(php|cgi|sh)?$"
    r"|/(wp-admin|wp-includes|wp-content|phpmyadmin|pma|cgi-bin|vendor/phpunit|solr/admin|manager/html"
    r"|boaform|hnap1|owa/auth|autodiscover|_ignition|telescope/requests|server-status|actuator"
    r"|jenkins|console/login|druid/index|geoserver)(/|\.|$)"
    r"|\.\./|%2e%2e|etc/passwd|win\.ini|/(backup|dump|database|db)\.(sql|zip|tar|gz|bak)"
    r"|\.(bak|old|swp|sql)$|/(id_rsa|credentials|secrets|config)\.(json|ya?ml|txt|ini|bak)$"
)
CRAWLER = (
    r"(?i)[a-z]bot\b|\bbot[/;)]|crawler|spider|slurp|\+https?://"  # (compatible; Googlebot/2.1; +http://...)
    r"|facebookexternalhit|feedfetcher|mediapartners"
)
GONE = (404, 410)


def is_stray(requests: ir.Table) -> ir.BooleanValue:
    """A page that is not there, asked for by a crawler or in search of a weak spot: nobody's fault."""
    by_crawler = requests.user_agent.re_search(CRAWLER).fill_null(False)
    is_probe = requests.url_path.re_search(PROBE).fill_null(False)
    stray: ir.BooleanValue = requests.http_status.isin(GONE).fill_null(False) & (
        by_crawler | is_probe
    )
    return stray
