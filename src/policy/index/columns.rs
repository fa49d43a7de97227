//! What each column of a rule does not rule out.

use crate::app::{AppId, Catalog, Ports};
use crate::flow::Protocol;
use crate::policy::lookup::PolicyOptions;
use crate::policy::rule::{AddressMatch, ApplicationMatch, Rule, ServiceMatch};

/// Applications that a rule can match once the application is known; `None` is every one.
pub(super) fn named_applications(
    rule: &Rule,
    catalog: &Catalog,
    options: PolicyOptions,
) -> Option<Vec<usize>> {
    let ApplicationMatch::Applications { members, .. } = &rule.application else { return None };
    let mut named: Vec<usize> = members.iter().map(|&AppId(app)| app.into()).collect();
    if options.implicit_applications && rule.action.is_allow() {
        let used = members.iter().filter_map(|&app| catalog.get(app)).flat_map(|app| &app.implicit);
        named.extend(used.map(|&AppId(app)| usize::from(app)));
    }
    Some(named)
}

/// Whether a rule can answer while the application is unknown: a block rule that needs it cannot (PANOS.md 2.2).
pub(super) fn may_answer_unknown(rule: &Rule, options: PolicyOptions) -> bool {
    rule.action.is_allow()
        || rule.application == ApplicationMatch::Any
        || options.block_by_service && matches!(rule.service, ServiceMatch::Services(_))
}

/// Protocol and destination port as one number.
pub(super) fn service_key(protocol: Protocol, port: u16) -> u32 {
    u32::from(protocol.0) << 16 | u32::from(port)
}

/// Protocols and ports that the service column does not rule out, whatever the application.
pub(super) fn service_intervals(rule: &Rule, catalog: &Catalog) -> Vec<(u128, u128)> {
    let key = |protocol, port| u128::from(service_key(protocol, port));
    let interval = |protocol, (low, high)| (key(protocol, low), key(protocol, high));
    match (&rule.service, &rule.application) {
        (ServiceMatch::Any, _) | (ServiceMatch::ApplicationDefault, ApplicationMatch::Any) => {
            vec![(0, u128::MAX)]
        }
        (ServiceMatch::Services(services), _) => services
            .iter()
            .flat_map(|service| service.ports.iter().map(|&ports| interval(service.protocol, ports)))
            .collect(),
        (ServiceMatch::ApplicationDefault, ApplicationMatch::Applications { members, .. }) => members
            .iter()
            .filter_map(|&app| catalog.get(app))
            .flat_map(|app| default_ports(&app.ports))
            .map(|(protocol, ports)| interval(protocol, ports))
            .collect(),
    }
}

/// Everything that [`Ports::admit`], decrypted or not.
fn default_ports(ports: &Ports) -> impl Iterator<Item = (Protocol, (u16, u16))> {
    const ALL: (u16, u16) = (0, u16::MAX);
    let icmp = [ports.icmp.then_some(Protocol::ICMP), ports.icmp6.then_some(Protocol::ICMPV6)];
    let numbers = ports.ip_protocols.iter().flat_map(|&(low, high)| (low..=high).map(Protocol));
    let whole = icmp.into_iter().flatten().chain(numbers);
    let tcp = ports.tcp.iter().chain(&ports.secure).map(|&range| (Protocol::TCP, range));
    let udp = ports.udp.iter().map(|&range| (Protocol::UDP, range));
    tcp.chain(udp).chain(whole.map(|protocol| (protocol, ALL)))
}

/// Addresses that the column matches: at most about `limit` intervals, which hold all of them.
pub(super) fn address_intervals(column: &AddressMatch, limit: usize) -> Vec<(u128, u128)> {
    if column.is_any() {
        return vec![(0, u128::MAX)];
    }
    let ranges = &column.ranges;
    let low = |index: usize| ranges.get(index).map(|range| range.0.bits());
    let high = |index: usize| ranges.get(index).map(|range| range.1.bits());
    if !column.negate {
        let step = ranges.len().div_ceil(limit).max(1);
        let last = |first: usize| (first + step - 1).min(ranges.len() - 1);
        let span = |first| Some((low(first)?, high(last(first))?));
        return (0..ranges.len()).step_by(step).filter_map(span).collect();
    }
    // The gaps: gap n lies before range n, the last one behind all ranges.
    let step = (ranges.len() + 1).div_ceil(limit).max(1);
    let span = |first: usize| {
        let start = first.checked_sub(1).and_then(high).map_or(Some(0), |end| end.checked_add(1))?;
        let end =
            low((first + step - 1).min(ranges.len())).map_or(Some(u128::MAX), |next| next.checked_sub(1))?;
        (start <= end).then_some((start, end))
    };
    (0..=ranges.len()).step_by(step).filter_map(span).collect()
}

/// Sorted intervals without overlap: at most about `limit`, which hold all that was in them.
pub(super) fn joined(mut intervals: Vec<(u128, u128)>, limit: usize) -> Vec<(u128, u128)> {
    intervals.sort_unstable();
    intervals.dedup_by(|next, last| {
        let overlap = next.0 <= last.1;
        if overlap {
            last.1 = last.1.max(next.1);
        }
        overlap
    });
    let step = intervals.len().div_ceil(limit).max(1);
    let span = |group: &[(u128, u128)]| Some((group.first()?.0, group.last()?.1));
    intervals.chunks(step).filter_map(span).collect()
}
