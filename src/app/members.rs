//! Default ports as PAN-OS spells them.

use std::fmt::Display;

use super::Ports;

impl Ports {
    /// Those with port numbers: `tcp/80,443`, `udp/dynamic`.
    pub fn services(&self) -> Vec<String> {
        let mut texts = Vec::new();
        for (protocol, ranges) in [("tcp", &self.tcp), ("udp", &self.udp)] {
            let (dynamic, ranges): (Vec<_>, Vec<(u16, u16)>) =
                ranges.iter().copied().partition(|range| is_dynamic(*range));
            texts.extend(dynamic.first().map(|_| format!("{protocol}/dynamic")));
            if !ranges.is_empty() {
                texts.push(format!("{protocol}/{}", port_list(&ranges)));
            }
        }
        texts
    }

    /// All of them: besides [`Ports::services`] also `icmp`, `icmp6` and `ip/47` for an IP protocol.
    pub fn members(&self) -> Vec<String> {
        let mut texts = self.services();
        texts.extend(self.icmp.then(|| "icmp".to_owned()));
        texts.extend(self.icmp6.then(|| "icmp6".to_owned()));
        if !self.ip_protocols.is_empty() {
            texts.push(format!("ip/{}", port_list(&self.ip_protocols)));
        }
        texts
    }

    /// The same without what stands for any port.
    #[must_use]
    pub fn without_dynamic(&self) -> Self {
        let mut ports = self.clone();
        ports.tcp.retain(|range| !is_dynamic(*range));
        ports.udp.retain(|range| !is_dynamic(*range));
        ports
    }
}

const fn is_dynamic((low, high): (u16, u16)) -> bool {
    low == 0 && high == u16::MAX
}

/// Ranges such as `80,8000-8080`.
pub fn port_list<T: Display + PartialEq>(ranges: &[(T, T)]) -> String {
    let texts = ranges.iter().map(|(low, high)| match low == high {
        true => low.to_string(),
        false => format!("{low}-{high}"),
    });
    texts.collect::<Vec<String>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_spelled_as_they_are_read() {
        for members in [
            &["tcp/80,443"][..],
            &["tcp/dynamic", "udp/53,8000-8080"],
            &["tcp/dynamic", "tcp/80", "udp/dynamic"],
            &["ip/47"],
            &["udp/1701", "ip/115,200-202"],
            &[],
        ] {
            let mut ports = Ports::default();
            members.iter().for_each(|text| ports.add(text).unwrap());
            assert_eq!(ports.members(), members);
        }
        let icmp = Ports { icmp: true, icmp6: true, ..Ports::default() };
        assert_eq!(icmp.members(), ["icmp", "icmp6"]);
        assert!(icmp.services().is_empty());
    }

    #[test]
    fn dynamic_ports_name_no_port() {
        let mut ports = Ports::default();
        ports.add("tcp/dynamic,80").unwrap();
        ports.add("udp/dynamic").unwrap();
        assert_eq!(ports.without_dynamic().members(), ["tcp/80"]);
    }
}
