"""Reading several packs together, and holding them against a planning area."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allocator.errors import Finding, Severity, Text, errors_in, nearest
from allocator.policy.circles import find_circles
from allocator.policy.contradictions import find_contradictions, find_paths
from allocator.policy.packs import (
    Pack,
    Policy,
    declared_parameters,
    pack_path,
    read_pack,
)
from allocator.policy.rules import (
    CountInUnit,
    Members,
    Network,
    PopulationBand,
    Priority,
    Rate,
    Resource,
    Rule,
    Service,
    ShareOfClass,
)
from allocator.policy.tiers import broken_tiers
from allocator.resources import pack_ids

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from allocator.area import PlanningArea


def read_policy(
    names: Sequence[str], parameters: Mapping[str, float], folder: Path
) -> tuple[Policy | None, list[Finding]]:
    """Read the packs of a brief and combine them.

    Parameters
    ----------
    names
        Bundled ids or paths (relative to ``folder``).
    parameters
        Numbers that replace the packs' defaults; one that no pack declares is an
        error.
    folder
        Where paths are relative to.

    Returns
    -------
    policy, findings
        The policy, or None with every problem of all packs.
    """
    packs: list[Pack] = []
    findings: list[Finding] = []
    declared: list[str] = []
    for name in names:
        path, problems = pack_path(name, folder)
        findings += problems
        if path is None:
            continue
        pack, problems = read_pack(path, parameters)
        findings += problems
        declared += declared_parameters(path)
        if pack is not None:
            packs.append(pack)
    for name in parameters:
        if name not in declared:
            close = nearest(name, declared)
            findings.append(
                Finding(
                    "parameter-unknown",
                    Text(
                        f"没有政策包声明参数 {name}",
                        f"no pack declares parameter {name}",
                    ),
                    column=f"policy.parameters.{name}",
                    remedy=Text(f"是否应为 {close}?", f"did you mean {close}?")
                    if close
                    else Text("删去它", "remove it"),
                )
            )
    if errors_in(findings):
        return None, findings
    policy, problems = combine(packs)
    findings += problems
    if errors_in(problems):
        return None, findings
    return policy, findings


def combine(packs: Sequence[Pack]) -> tuple[Policy, list[Finding]]:
    """Put packs together, in the order of the brief.

    A service or resource that two packs declare otherwise is taken from the earlier
    one, and a note says so: a city's own pack stands before the national defaults.
    References to nothing and repeated rule ids are errors.
    """
    findings: list[Finding] = []
    services: dict[str, Service] = {}
    resources: dict[str, Resource] = {}
    networks: dict[str, Network] = {}
    network_files: dict[str, str] = {}
    seen: dict[str, str] = {}
    files: dict[str, str] = {}
    for pack in packs:
        for service in pack.services:
            files.setdefault(service.id, pack.file)
        table = pack.file
        findings += [
            _declared_twice("service", service.id, table)
            for service in pack.services
            if services.setdefault(service.id, service) != service
        ]
        findings += [
            _declared_twice("resource", resource.id, table)
            for resource in pack.resources
            if resources.setdefault(resource.id, resource) != resource
        ]
        findings += [
            _declared_twice("network", network.id, table)
            for network in pack.networks
            if networks.setdefault(network.id, network) != network
        ]
        for network in pack.networks:
            network_files.setdefault(network.id, table)
        for rule in pack.rules:
            if rule.id in seen:
                message = Text(
                    f"规则编号与 {seen[rule.id]} 重复",
                    f"rule id also in {seen[rule.id]}",
                )
                findings.append(
                    Finding(
                        "rule-id-repeated",
                        message,
                        table=table,
                        keys=(rule.id,),
                        column="id",
                        remedy=Text(
                            "换一个编号, 或只用其中一个政策包",
                            "give it another id, or use one of the packs",
                        ),
                    )
                )
            seen[rule.id] = pack.head.id
    policy = Policy(
        tuple(pack.head for pack in packs),
        services,
        resources,
        tuple(rule for pack in packs for rule in pack.rules),
        networks,
        files,
    )
    findings += _references(policy) + find_circles(services, files)
    findings += broken_tiers(networks, network_files)
    return policy, findings


def _declared_twice(what: str, name: str, table: str) -> Finding:
    """Say that a later pack declares something otherwise: the earlier one holds."""
    return Finding(
        f"{what}-declared-twice",
        Text(
            "前面的政策包另有声明, 以前面的为准",
            "an earlier pack declares it otherwise: the earlier declaration holds",
        ),
        Severity.NOTE,
        table,
        (name,),
    )


def services_named(rule: Rule) -> Iterator[str]:
    """Yield every service id that a rule refers to, alternatives included."""
    for reading in rule.readings:
        service: str | None = getattr(reading, "service", None)
        if service is not None:
            yield service
        if isinstance(reading, (CountInUnit, ShareOfClass, Rate)) and reading.of:
            yield from reading.of.service
        if isinstance(reading, Rate) and reading.denominator.startswith("service:"):
            yield reading.denominator.removeprefix("service:")


def _references(policy: Policy) -> list[Finding]:
    """Find services that are referred to and declared nowhere."""
    findings = []

    def check(name: str, where: str, pack: str) -> None:
        if name in policy.services:
            return
        close = nearest(name, policy.services)
        findings.append(
            Finding(
                "service-unknown",
                Text(f"服务 {name} 没有声明", f"service {name} is not declared"),
                table=pack,
                keys=(where,),
                value=name,
                remedy=Text(f"是否应为 {close}?", f"did you mean {close}?")
                if close
                else Text("用 [[service]] 声明它", "declare it with [[service]]"),
            )
        )

    for rule in policy.rules:
        for name in dict.fromkeys(services_named(rule)):
            check(name, rule.id, rule.file)
        findings += _band_without_people(rule, policy)
        findings += _unknown_networks(rule, policy)
        findings += _counted_in_a_class(rule, policy)
    for service in policy.services.values():
        hosts = service.hosts.service if service.hosts else ()
        for name in (*hosts, *service.requires):
            check(name, service.id, policy.files.get(service.id, ""))
    return findings


def _counted_in_a_class(rule: Rule, policy: Policy) -> list[Finding]:
    """Find counts of a counted service among a class that the plan decides."""
    for reading in rule.readings:
        service = policy.services.get(getattr(reading, "service", None) or "")
        of: Members | None = getattr(reading, "of", None)
        if service is None or service.most_per_site == 1 or of is None:
            continue
        if of.service and not isinstance(reading, ShareOfClass):
            message = Text(
                "可设多个的服务只能按机构类别(class)统计",
                "a counted service is counted among classes, not holders",
            )
            return [
                Finding(
                    "counted-in-a-class",
                    message,
                    table=rule.file,
                    keys=(rule.id,),
                    column="of",
                )
            ]
    return []


def _unknown_networks(rule: Rule, policy: Policy) -> list[Finding]:
    findings = []
    for reading in rule.readings:
        name: str | None = getattr(reading, "network", None)
        if name is None or name in policy.networks:
            continue
        close = nearest(name, policy.networks)
        findings.append(
            Finding(
                "network-unknown",
                Text(f"网络 {name} 没有声明", f"network {name} is not declared"),
                table=rule.file,
                keys=(rule.id,),
                value=name,
                remedy=Text(f"是否应为 {close}?", f"did you mean {close}?")
                if close
                else Text("用 [[network]] 声明它", "declare it with [[network]]"),
            )
        )
    return findings


def _band_without_people(rule: Rule, policy: Policy) -> list[Finding]:
    findings = []
    for reading in rule.readings:
        if not isinstance(reading, PopulationBand):
            continue
        service = policy.services.get(reading.service)
        if service is not None and service.serves is None:
            findings.append(
                Finding(
                    "band-without-people",
                    Text(
                        f"服务 {service.id} 没有 serves, 无人分配给它",
                        f"service {service.id} has no `serves`: nobody is assigned",
                    ),
                    table=rule.file,
                    keys=(rule.id,),
                    remedy=Text(
                        "为该服务写 serves = {}", "give the service serves = {}"
                    ),
                )
            )
    return findings


def check_policy(policy: Policy, area: PlanningArea) -> list[Finding]:
    """Hold a policy against an area: names and classes that the area does not have.

    A service of the register that no pack declares, and binding clauses that
    contradict each other, stop a run. So does a clause that must hold, in a pack of the
    planner's own, about a class that nobody has or a service that no site can hold: it
    would vanish by a slip of the pen. The bundled texts are of larger areas: there a
    rule about a unit or class that is not in the tables is audited as undecidable or
    counts nothing, and the warning says so.
    """
    counties = set(area.counties.index) | set(area.counties["name"])
    classes = set(area.sites["class"])
    findings: list[Finding] = []
    for rule in policy.rules:
        table = rule.file
        for reading in rule.readings:
            findings += [
                _county_not_here(name, counties, rule, table)
                for name in reading.scope.county
                if name not in counties
            ]
            missing = [c for c in _classes_of(reading) if c not in classes]
            if missing and not set(_classes_of(reading)) & classes:
                message = Text(
                    "机构表中没有这些类别的机构", "no site has any of the classes"
                )
                findings.append(
                    Finding(
                        "class-absent",
                        message,
                        _grave(rule),
                        table,
                        (rule.id,),
                        value=", ".join(missing),
                        remedy=Text(
                            "核对机构表的 class 列; 确无此类机构则该条款无对象",
                            "check the register's class; the rule is about nobody here",
                        ),
                    )
                )
    findings += _register_services(policy, area) + _without_hosts(policy, area)
    findings += find_contradictions(policy.rules, area)
    findings += find_paths(policy.rules, area)
    return findings


def _grave(*rules: Rule) -> Severity:
    """Return how much it matters that rules are about nothing here."""
    bundled = {f"{pack_id}.toml" for pack_id in pack_ids()}
    vanishes = any(
        rule.priority is Priority.MUST and not rule.any_of and rule.file not in bundled
        for rule in rules
    )
    return Severity.ERROR if vanishes else Severity.WARNING


def _without_hosts(policy: Policy, area: PlanningArea) -> list[Finding]:
    """Find services that no site of the register could hold, by class or name."""
    classes, names = set(area.sites["class"]), set(area.sites["name"])
    findings = []
    for service in policy.services.values():
        hosts = service.hosts
        if hosts is None or hosts.service:
            continue
        by_class = not hosts.facility_class or classes & set(hosts.facility_class)
        by_name = not hosts.name or names & set(hosts.name)
        if not (by_class and by_name):
            findings.append(
                Finding(
                    "service-without-host",
                    Text(
                        f"没有机构或备选点能设置 {service.name}",
                        f"no site can hold {service.id}",
                    ),
                    _grave(*_rules_of(service, policy)),
                    policy.files.get(service.id, "sites"),
                    (service.id,),
                    column="hosts",
                    value=", ".join((*hosts.facility_class, *hosts.name)),
                    remedy=Text(
                        "增加该类别的备选点, 或修改 hosts",
                        "add candidates of that class, or change hosts",
                    ),
                )
            )
    return findings


def _rules_of(service: Service, policy: Policy) -> list[Rule]:
    return [r for r in policy.rules if getattr(r, "service", None) == service.id]


def _classes_of(rule: Rule) -> tuple[str, ...]:
    members: Members | None = getattr(rule, "of", None)
    return members.facility_class if members and not members.service else ()


def _county_not_here(name: str, counties: set[str], rule: Rule, table: str) -> Finding:
    close = nearest(name, counties)
    remedy = Text(
        "若为功能区,请在县区表中单列; 该单元记为无法判定",
        "list it in the county table if it is a zone of its own; undecidable till then",
    )
    if close:
        remedy = Text(f"是否应为 {close}? " + remedy.zh, f"{close}? " + remedy.en)
    return Finding(
        "unit-unknown",
        Text(f"县区表中没有 {name}", f"{name} is not in the county table"),
        Severity.WARNING,
        table,
        (rule.id,),
        column="scope.county",
        value=name,
        remedy=remedy,
    )


def _register_services(policy: Policy, area: PlanningArea) -> list[Finding]:
    unknown: dict[str, list[str]] = {}
    for site_id, held in area.sites["services"].items():
        for name in held:
            if name not in policy.services:
                unknown.setdefault(name, []).append(str(site_id))
    findings = []
    for name, sites in unknown.items():
        close = nearest(name, policy.services)
        findings.append(
            Finding(
                "service-unknown",
                Text(f"没有政策包声明服务 {name}", f"no pack declares service {name}"),
                Severity.ERROR,
                "sites",
                tuple(sites),
                "services",
                name,
                Text(f"是否应为 {close}?", f"did you mean {close}?")
                if close
                else Text("改正服务名或声明它", "correct the name or declare it"),
            )
        )
    return findings
