//! H.245: where the media of a channel are received (H.245, 7.3 and annex A).
//!
//! OpenLogicalChannel and its acknowledgement are read, as are messages before them in the same packet if they are short
//! ones that set a call up. Of what a channel carries only the common kinds are known, and of how it is carried only
//! H.225.0's: other channels open nothing.

use super::per::{Choice, Per};
use super::{Address, Found, Tag, ipv4, ipv6};

/// More messages of one packet are not read.
const MESSAGES_MAX: usize = 64;

/// What a packet of H.245 messages opens.
pub(super) fn messages(mut per: Per<'_>, found: &mut Found) {
    for _ in 0..MESSAGES_MAX {
        let rest = message(&mut per, found).and_then(|()| per.rest());
        match rest {
            Some(rest) => per = rest,
            None => return,
        }
    }
}

/// MultimediaSystemControlMessage; `None` where its end is not known.
fn message(per: &mut Per<'_>, found: &mut Found) -> Option<()> {
    match per.choice(4)? {
        // Requests.
        Choice::Root(0) => match per.choice(11)? {
            // MasterSlaveDetermination.
            Choice::Root(1) => {
                let determination = per.sequence(0)?;
                per.number(256)?;
                per.number(1 << 24)?;
                per.end(determination)
            }
            Choice::Root(3) => open_logical_channel(per, found, "OpenLogicalChannel"),
            Choice::Root(_) => None,
            Choice::Added(..) => Some(()),
        },
        // Responses.
        Choice::Root(1) => match per.choice(19)? {
            // MasterSlaveDeterminationAck.
            Choice::Root(1) => {
                let ack = per.sequence(0)?;
                per.bits(1)?;
                per.end(ack)
            }
            // TerminalCapabilitySetAck.
            Choice::Root(3) => {
                let ack = per.sequence(0)?;
                per.number(256)?;
                per.end(ack)
            }
            Choice::Root(5) => acknowledgement(per, found),
            Choice::Root(_) => None,
            Choice::Added(..) => Some(()),
        },
        _ => None,
    }
}

/// OpenLogicalChannel.
pub(super) fn open_logical_channel(per: &mut Per<'_>, found: &mut Found, what: &'static str) -> Option<()> {
    let mut channel = per.sequence(1)?;
    per.octets(2)?;
    let mut forward = per.sequence(1)?;
    if forward.has() {
        per.octets(2)?;
    }
    let app = data_type(per)?;
    carried(per, 3, found, Tag { app, what })?;
    per.end(forward)?;
    if channel.has() {
        let mut reverse = per.sequence(1)?;
        let app = data_type(per)?;
        if reverse.has() {
            carried(per, 2, found, Tag { app, what })?;
        }
        per.end(reverse)?;
    }
    per.end(channel)
}

/// The multiplexParameters, which are H.225.0's after the extension marker, and others before it.
fn carried(per: &mut Per<'_>, root: u64, found: &mut Found, tag: Tag) -> Option<()> {
    match per.choice(root)? {
        Choice::Root(_) => None,
        Choice::Added(number, body) => {
            if number == 0 {
                let _ = parameters(body, found, tag);
            }
            Some(())
        }
    }
}

/// H2250LogicalChannelParameters, as far as their addresses.
fn parameters(mut per: Per<'_>, found: &mut Found, tag: Tag) -> Option<()> {
    let mut parameters = per.sequence(10)?;
    if parameters.has() {
        per.each(non_standard)?;
    }
    per.number(256)?;
    if parameters.has() {
        per.number(255)?;
    }
    let media = if parameters.has() { transport_address(&mut per)? } else { None };
    // Over TCP, as T.120 is: nothing that is known here.
    let is_reliable = parameters.has() && per.boolean()?;
    let control = if parameters.has() { transport_address(&mut per)? } else { None };
    found.media(media.filter(|_| !is_reliable), control, tag);
    Some(())
}

/// OpenLogicalChannelAck.
fn acknowledgement(per: &mut Per<'_>, found: &mut Found) -> Option<()> {
    let tag = Tag { app: "rtp-base", what: "OpenLogicalChannelAck" };
    let mut ack = per.sequence(1)?;
    per.octets(2)?;
    if ack.has() {
        let mut reverse = per.sequence(2)?;
        per.octets(2)?;
        if reverse.has() {
            per.octets(2)?;
        }
        if reverse.has() {
            carried(per, 1, found, tag)?;
        }
        per.end(reverse)?;
    }
    per.additions(ack, |number, body| {
        if number == 1 {
            let _ = acknowledged(body, found, tag);
        }
    })
}

/// H2250LogicalChannelAckParameters, as far as their addresses.
fn acknowledged(mut per: Per<'_>, found: &mut Found, tag: Tag) -> Option<()> {
    let Choice::Root(0) = per.choice(1)? else { return None };
    let mut parameters = per.sequence(5)?;
    if parameters.has() {
        per.each(non_standard)?;
    }
    if parameters.has() {
        per.number(255)?;
    }
    let media = if parameters.has() { transport_address(&mut per)? } else { None };
    let control = if parameters.has() { transport_address(&mut per)? } else { None };
    found.media(media, control, tag);
    Some(())
}

/// A TransportAddress; of those that are no unicast address of IP only that they are there.
fn transport_address(per: &mut Per<'_>) -> Option<Option<Address>> {
    let is_unicast = match per.choice(2)? {
        Choice::Root(number) => number == 0,
        Choice::Added(..) => return Some(None),
    };
    // Multicast knows IPv4 and IPv6 alone; IPX has its ports in front of what is common.
    let kind = match per.choice(if is_unicast { 5 } else { 2 })? {
        Choice::Root(number) if is_unicast || number == 0 => number,
        Choice::Root(_) => 2,
        Choice::Added(..) => return Some(None),
    };
    let address = match kind {
        3 => {
            per.octets(16)?;
            return Some(None);
        }
        _ => per.sequence(0)?,
    };
    let at = match kind {
        0 => Some(ipv4(per)?),
        2 => Some(ipv6(per)?),
        1 => {
            per.octets(12)?;
            None
        }
        _ => {
            per.bits(1)?;
            ipv4(per)?;
            per.each(|one| one.octets(4).map(drop))?;
            None
        }
    };
    per.end(address)?;
    Some(at.filter(|_| is_unicast))
}

/// A DataType: what the media are, as the catalog calls them. `None` for those that cannot be passed over.
fn data_type(per: &mut Per<'_>) -> Option<&'static str> {
    match per.choice(6)? {
        Choice::Root(0) => non_standard(per)?,
        Choice::Root(1) | Choice::Added(..) => (),
        Choice::Root(2) => video(per)?,
        Choice::Root(3) => audio(per)?,
        Choice::Root(4) => return data(per),
        Choice::Root(_) => return None,
    }
    Some("rtp-base")
}

/// AudioCapability: all but the audio of MPEG.
fn audio(per: &mut Per<'_>) -> Option<()> {
    match per.choice(14)? {
        Choice::Root(0) => non_standard(per),
        // G.723.1, with silence suppression.
        Choice::Root(8) => {
            per.number(256)?;
            per.boolean().map(drop)
        }
        // G.711, G.722, G.728, G.729: frames per packet.
        Choice::Root(1..=11) => per.number(256).map(drop),
        Choice::Root(_) => None,
        Choice::Added(..) => Some(()),
    }
}

/// VideoCapability: H.261, H.263 and, after the extension marker, all generic ones as H.264.
fn video(per: &mut Per<'_>) -> Option<()> {
    match per.choice(5)? {
        Choice::Root(0) => non_standard(per),
        Choice::Root(1) => {
            let mut h261 = per.sequence(2)?;
            for _ in 0..2 {
                if h261.has() {
                    per.number(4)?;
                }
            }
            per.boolean()?;
            per.number(19_200)?;
            per.boolean()?;
            per.end(h261)
        }
        Choice::Root(3) => {
            let mut h263 = per.sequence(7)?;
            for _ in 0..5 {
                if h263.has() {
                    per.number(32)?;
                }
            }
            per.number(192_400)?;
            per.bits(5)?;
            for range in [1 << 19, 1 << 16] {
                if h263.has() {
                    per.number(range)?;
                }
            }
            per.end(h263)
        }
        Choice::Root(_) => None,
        Choice::Added(..) => Some(()),
    }
}

/// DataApplicationCapability: all but T.84 and network layer protocols.
fn data(per: &mut Per<'_>) -> Option<&'static str> {
    let capability = per.sequence(0)?;
    let mut app = "rtp-base";
    match per.choice(10)? {
        Choice::Root(0) => non_standard(per)?,
        Choice::Root(1..=3 | 5 | 6 | 9) => {
            if let Choice::Root(0) = per.choice(7)? {
                non_standard(per)?;
            }
        }
        Choice::Root(8) => (),
        Choice::Root(_) => return None,
        Choice::Added(2, _) => app = "t.38",
        Choice::Added(..) => (),
    }
    // The rate.
    per.number(1 << 32)?;
    per.end(capability)?;
    Some(app)
}

/// NonStandardParameter, which is not H.225.0's.
fn non_standard(per: &mut Per<'_>) -> Option<()> {
    if per.boolean()? {
        per.octets(4)?;
    } else {
        per.open()?;
    }
    per.open().map(drop)
}
