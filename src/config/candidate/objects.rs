//! Objects that rules name.

use super::{At, Name};
use crate::app::{Class, DenyAction, Ports, Timeouts};
use crate::flow::Addr;

/// A named object, or a group of them.
#[derive(Debug)]
pub(in crate::config) struct Definition<T> {
    pub(in crate::config) name: Name,
    pub(in crate::config) body: Body<T>,
    /// What dynamic groups and application filters find it by.
    pub(in crate::config) tags: Vec<Name>,
}

/// What a name stands for.
#[derive(Debug)]
pub(in crate::config) enum Body<T> {
    Object(T),
    /// A static group.
    Group(Vec<Name>),
    /// A dynamic address group: a tag expression such as `'web' and not 'old'`.
    Dynamic(Name),
}

/// An address object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) enum AddressObject {
    /// `ip-netmask` or `ip-range`: inclusive ranges.
    Ranges(Vec<(Addr, Addr)>),
    /// `ip-wildcard`: address and mask, where bits set in the mask may be anything.
    Wildcard { addr: u32, mask: u32 },
    /// `fqdn`: what it resolves to stands in [`Tables::fqdn`].
    Fqdn(Name),
}

/// What a firewall looks up elsewhere and a file of configuration does not hold. Each is a list of names with what
/// belongs to them.
#[derive(Debug, Default)]
pub(in crate::config) struct Tables {
    /// Host name to its addresses.
    pub(in crate::config) fqdn: Vec<(Name, Vec<Name>)>,
    /// Region, such as `US` or one of the rulebase's own, to addresses.
    pub(in crate::config) regions: Vec<(Name, Vec<Name>)>,
    /// External dynamic list to its entries: addresses, or host patterns for a list of URLs or domains.
    pub(in crate::config) external_lists: Vec<(Name, Vec<Name>)>,
    /// User to addresses (the IP-user mapping).
    pub(in crate::config) users: Vec<(Name, Vec<Name>)>,
    /// User group to users.
    pub(in crate::config) user_groups: Vec<(Name, Vec<Name>)>,
    /// URL category to host patterns: `example.org`, `*.example.org`, also with a path, which is passed over.
    pub(in crate::config) url_categories: Vec<(Name, Vec<Name>)>,
}

/// `[application.NAME]`: an application of its own, or other timeouts for a predefined one.
#[derive(Debug)]
pub(in crate::config) struct CustomApplication {
    pub(in crate::config) name: Name,
    pub(in crate::config) ports: Ports,
    /// `ident-by-icmp-type` and `ident-by-icmp6-type`: type and code (PANOS.md 2.8).
    pub(in crate::config) icmp: Option<(u8, Option<u8>)>,
    pub(in crate::config) icmp6: Option<(u8, Option<u8>)>,
    pub(in crate::config) parent: Option<Name>,
    pub(in crate::config) signatures: Vec<Signature>,
    /// Keys that only an application of its own can have.
    pub(in crate::config) defines: Vec<Name>,
    pub(in crate::config) depends_on: Vec<Name>,
    pub(in crate::config) implicit: Vec<Name>,
    pub(in crate::config) deny_action: Option<DenyAction>,
    pub(in crate::config) timeouts: Timeouts,
    pub(in crate::config) class: Class,
    /// Characteristics it has, such as `evasive`, by PAN-OS's key.
    pub(in crate::config) characteristics: Vec<Name>,
    pub(in crate::config) tags: Vec<Name>,
}

impl CustomApplication {
    /// An application of which nothing is said.
    pub(in crate::config) fn new(name: Name) -> Self {
        Self {
            name,
            ports: Ports::default(),
            icmp: None,
            icmp6: None,
            parent: None,
            signatures: Vec::new(),
            defines: Vec::new(),
            depends_on: Vec::new(),
            implicit: Vec::new(),
            deny_action: None,
            timeouts: Timeouts::default(),
            class: Class::default(),
            characteristics: Vec::new(),
            tags: Vec::new(),
        }
    }
}

/// A signature of a custom application (PANOS.md 2.8).
#[derive(Debug, Clone)]
pub(in crate::config) struct Signature {
    pub(in crate::config) name: Name,
    /// `scope session` rather than `protocol-data-unit`.
    pub(in crate::config) session: bool,
    /// Whether the conditions may come in any order.
    pub(in crate::config) order_free: bool,
    /// All of these, each of which is one of several.
    pub(in crate::config) conditions: Vec<Vec<Match>>,
}

/// One condition of a signature.
#[derive(Debug, Clone)]
pub(in crate::config) struct Match {
    pub(in crate::config) context: Name,
    /// A pattern, or the value that an operator such as `equal-to` compares with.
    pub(in crate::config) pattern: Name,
    /// `pattern-match`, `equal-to`, `less-than` or `greater-than`.
    pub(in crate::config) operator: &'static str,
    /// What narrows the context, such as `http-method`, and its value.
    pub(in crate::config) qualifiers: Vec<(Name, Name)>,
    /// Which bytes of the context are compared.
    pub(in crate::config) position: Option<Name>,
    /// Which bits of them.
    pub(in crate::config) mask: Option<Name>,
}

/// `[application-filter.NAME]`: every application that fits each column that says something.
#[derive(Debug)]
pub(in crate::config) struct ApplicationFilter {
    pub(in crate::config) name: Name,
    pub(in crate::config) category: Vec<Name>,
    pub(in crate::config) subcategory: Vec<Name>,
    pub(in crate::config) technology: Vec<Name>,
    pub(in crate::config) risk: Vec<u8>,
    /// Characteristics that it asks for, such as `evasive`, by PAN-OS's key.
    pub(in crate::config) characteristics: Vec<Name>,
    pub(in crate::config) tags: Vec<Name>,
    pub(in crate::config) exclude: Vec<Name>,
}

/// `[schedule.NAME]`: when rules that name it are considered.
#[derive(Debug)]
pub(in crate::config) struct Schedule {
    pub(in crate::config) name: Name,
    pub(in crate::config) recurrence: Recurrence,
}

/// When a schedule is active.
#[derive(Debug)]
pub(in crate::config) enum Recurrence {
    /// Every day.
    Daily(Vec<At<TimeSpan>>),
    /// Per day of the week, Monday first.
    Weekly([Vec<At<TimeSpan>>; 7]),
    /// Once: seconds since 1970-01-01 00:00 of the firewall's own clock, both inclusive of their minute.
    Once(Vec<At<(i64, i64)>>),
}

/// Minutes of a day, from and to, both inclusive; one that ends before it starts goes on into the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) struct TimeSpan {
    pub(in crate::config) from: u16,
    pub(in crate::config) to: u16,
}
