//! Asking a filter about a row.

use std::net::IpAddr;

use ipnet::IpNet;

use super::field::Column;
use super::parser::{Expr, Operator, Test};
use super::value::Value;
use crate::flow::Addr;

/// A row of the traffic log, as a filter sees it.
pub trait Entry {
    /// What a column holds. It is asked only for those that the filter names.
    fn get(&self, column: Column) -> Datum<'_>;

    /// Whether the user of a column is in a group.
    fn is_in_group(&self, _column: Column, _group: &str) -> bool {
        false
    }
}

/// What a column of a row holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Datum<'a> {
    /// An address.
    Addr(Addr),
    /// A number; the protocol is one as well.
    Number(u64),
    /// A name or a word.
    Text(&'a str),
    /// Seconds since 1970-01-01 00:00 of the firewall's own clock.
    Clock(i64),
    /// The bits of the `flags` column.
    Bits(u32),
}

impl Expr {
    /// Whether a row fits. No deeper than the parser let it become.
    pub(super) fn matches(&self, row: &impl Entry) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.matches(row)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(row)),
            Self::Not(inner) => !inner.matches(row),
            Self::Test(test) => test.matches(row),
        }
    }
}

impl Test {
    /// Where a field stands for two columns, `neq` and `notin` mean that neither fits.
    fn matches(&self, row: &impl Entry) -> bool {
        let fits = |column, operator| match (&self.value, operator) {
            (Value::Text { text: group, .. }, Operator::In) => row.is_in_group(column, group),
            (value, _) => fits(row.get(column), operator, value),
        };
        let any = |operator| self.field.columns.iter().any(|&column| fits(column, operator));
        match self.operator {
            Operator::Neq => !any(Operator::Eq),
            Operator::NotIn => !any(Operator::In),
            operator => any(operator),
        }
    }
}

fn fits(datum: Datum<'_>, operator: Operator, value: &Value) -> bool {
    match (datum, value) {
        (Datum::Addr(addr), Value::Net(net)) => contains(net, addr),
        (Datum::Number(number), Value::Number(value)) => compare(number, operator, *value),
        (Datum::Clock(clock), Value::Clock(value)) => compare(clock, operator, *value),
        (Datum::Bits(bits), Value::Bits(value)) => bits & value != 0,
        (Datum::Text(text), Value::Text { text: value, caseless }) => match operator {
            Operator::Contains => holds(text, value),
            _ if *caseless => text.eq_ignore_ascii_case(value),
            _ => text == value,
        },
        _ => false,
    }
}

fn contains(net: &IpNet, addr: Addr) -> bool {
    match (net, IpAddr::from(addr)) {
        (IpNet::V4(net), IpAddr::V4(addr)) => net.contains(&addr),
        (IpNet::V6(net), IpAddr::V6(addr)) => net.contains(&addr),
        _ => false,
    }
}

fn compare<T: Ord>(left: T, operator: Operator, right: T) -> bool {
    match operator {
        Operator::Geq => left >= right,
        Operator::Leq => left <= right,
        Operator::Gt => left > right,
        Operator::Lt => left < right,
        _ => left == right,
    }
}

/// Whether `text` has `part` in it, in any case.
fn holds(text: &str, part: &str) -> bool {
    let (text, part) = (text.as_bytes(), part.as_bytes());
    part.is_empty() || text.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part))
}
