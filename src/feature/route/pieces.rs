//! The address space in pieces: longest prefix wins.

use std::cmp::Reverse;

use ipnet::IpNet;

use crate::flow::{self, Addr};

/// What the longest prefix around an address stands for, for every address.
#[derive(Debug, Clone)]
pub struct Pieces<T> {
    /// The address space cut at every prefix boundary: start of each piece, and what it belongs to. Sorted by start.
    pieces: Vec<(Addr, Option<T>)>,
}

impl<T> Default for Pieces<T> {
    fn default() -> Self {
        Self { pieces: Vec::new() }
    }
}

impl<T: Copy + Eq> Pieces<T> {
    /// Cuts the address space. Of equal prefixes the last one counts. `::/0` and its like do not hold IPv4.
    pub fn new(prefixes: impl IntoIterator<Item = (IpNet, T)>) -> Self {
        let mut ranges: Vec<(Addr, Reverse<Addr>, u8, T)> = Vec::new();
        for (prefix, value) in prefixes {
            for (low, high) in flow::ranges(prefix.network().into(), prefix.broadcast().into()) {
                ranges.push((low, Reverse(high), prefix.prefix_len(), value));
            }
        }
        ranges.sort_by_key(|&(low, high, len, _)| (low, high, len));
        let mut this = Self { pieces: vec![(Addr::default(), None)] };
        // Prefixes lie within each other or apart, so that a stack holds those around the address at hand, the
        // longest on top.
        let mut around: Vec<(Addr, T)> = Vec::new();
        for (low, Reverse(high), _, value) in ranges {
            this.leave(&mut around, Some(low));
            this.pieces.push((low, Some(value)));
            around.push((high, value));
        }
        this.leave(&mut around, None);
        this.join();
        this
    }

    /// What the longest prefix around `addr` stands for.
    #[inline]
    pub fn of(&self, addr: Addr) -> Option<T> {
        let after = self.pieces.partition_point(|&(start, _)| start <= addr);
        self.pieces.get(after.checked_sub(1)?).and_then(|&(_, value)| value)
    }

    /// These, and `below` where these say nothing.
    #[must_use]
    pub fn over(&self, below: &Self) -> Self {
        let starts = self.pieces.iter().chain(&below.pieces).map(|&(start, _)| start);
        let mut pieces: Vec<_> =
            starts.map(|start| (start, self.of(start).or_else(|| below.of(start)))).collect();
        pieces.sort_by_key(|&(start, _)| start);
        let mut this = Self { pieces };
        this.join();
        this
    }

    /// The same with other values.
    #[must_use]
    pub fn map<U: Copy + Eq>(&self, value: impl Fn(T) -> U) -> Pieces<U> {
        let pieces = self.pieces.iter().map(|&(start, of)| (start, of.map(&value)));
        let mut this = Pieces { pieces: pieces.collect() };
        this.join();
        this
    }

    /// Leaves the prefixes that end before `next`: what is around them goes on.
    fn leave(&mut self, around: &mut Vec<(Addr, T)>, next: Option<Addr>) {
        while let Some(&(high, _)) = around.last().filter(|&&(high, _)| next.is_none_or(|next| high < next)) {
            around.pop();
            if let Some(after) = high.bits().checked_add(1) {
                self.pieces.push((Addr::from_bits(after), around.last().map(|&(_, value)| value)));
            }
        }
    }

    /// Joins neighbours of the same value; of pieces with the same start the last one counts.
    fn join(&mut self) {
        self.pieces.reverse();
        self.pieces.dedup_by_key(|&mut (start, _)| start);
        self.pieces.reverse();
        self.pieces.dedup_by_key(|&mut (_, value)| value);
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use proptest::prelude::*;

    use super::*;

    /// Few addresses, so that prefixes meet: a /24 of IPv4, and all of IPv6 by its top and bottom.
    fn prefix() -> impl Strategy<Value = IpNet> {
        prop_oneof![
            (any::<u8>(), 22..=32_u8)
                .prop_map(|(host, len)| IpNet::new(Ipv4Addr::new(10, 0, 0, host).into(), len)),
            (any::<u32>(), 0..=4_u8).prop_map(|(ip, len)| IpNet::new(Ipv4Addr::from(ip).into(), len)),
            (any::<u128>(), 0..=4_u8).prop_map(|(ip, len)| IpNet::new(IpAddr::V6(ip.into()), len)),
            (0..=0xffff_u128, 76..=128_u8).prop_map(|(ip, len)| IpNet::new(IpAddr::V6(ip.into()), len)),
        ]
        .prop_map(|net| net.unwrap().trunc())
    }

    fn address() -> impl Strategy<Value = IpAddr> {
        prop_oneof![
            any::<u8>().prop_map(|host| Ipv4Addr::new(10, 0, 0, host).into()),
            any::<u32>().prop_map(|ip| Ipv4Addr::from(ip).into()),
            any::<u128>().prop_map(|ip| IpAddr::V6(ip.into())),
            (0..=0xffff_u128).prop_map(|ip| IpAddr::V6(ip.into())),
        ]
        .prop_filter("no mapped address", is_written_so)
    }

    /// The decoder refuses IPv6 addresses that stand for IPv4 ones.
    fn is_written_so(ip: &IpAddr) -> bool {
        match ip {
            IpAddr::V6(v6) => v6.to_ipv4_mapped().is_none(),
            IpAddr::V4(_) => true,
        }
    }

    /// The specification: the longest of all prefixes that hold the address, the last of equal ones.
    fn longest(prefixes: &[(IpNet, usize)], ip: IpAddr) -> Option<usize> {
        let holding = prefixes.iter().filter(|(net, _)| net.contains(&ip));
        holding.max_by_key(|(net, index)| (net.prefix_len(), *index)).map(|&(_, index)| index)
    }

    proptest! {
        #[test]
        fn pieces_equal_a_scan(
            nets in prop::collection::vec(prefix(), 0..24),
            split in 0..24_usize,
            ips in prop::collection::vec(address(), 1..24),
        ) {
            let all: Vec<(IpNet, usize)> = nets.into_iter().zip(0..).collect();
            let (above, below) = all.split_at(split.min(all.len()));
            let pieces = [&all[..], above, below].map(|list| Pieces::new(list.iter().copied()));
            let [whole, above_pieces, below_pieces] = pieces;
            let both = above_pieces.over(&below_pieces);
            let ends = all.iter().flat_map(|(net, _)| [net.network(), net.broadcast()]).filter(is_written_so);
            for ip in ips.into_iter().chain(ends) {
                prop_assert_eq!(whole.of(ip.into()), longest(&all, ip), "{}", ip);
                let layered = longest(above, ip).or_else(|| longest(below, ip));
                prop_assert_eq!(both.of(ip.into()), layered, "{}", ip);
            }
        }
    }

    #[test]
    fn nothing_is_nowhere() {
        assert_eq!(Pieces::<u8>::default().of(Addr::v4([10, 0, 0, 1])), None);
        assert_eq!(Pieces::<u8>::new([]).over(&Pieces::default()).of(Addr::default()), None);
    }
}
