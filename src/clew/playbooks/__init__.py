"""Playbooks: what to do about findings, in YAML.

    reading   a file, with its mistakes as sentences
    matching  which findings it is for
    filling   {user_id} and the like, from a finding's subject, never into a shell
    values    what a step with `each` is done for: the accounts in a finding's own events
    blocking  block lists: nginx, AWS WAF, nftables, ipset, plain networks
    acting    sinks that are told, URLs that are called, commands of the allow list
    run       every step of every finding: planned, approved, noted in the audit, done
    alerting  the same for alerts that fire, where nobody is there to be asked

Nothing is done without being asked for, and nothing that cannot be noted in the audit.
"""
