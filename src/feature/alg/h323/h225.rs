//! H.225.0 call signalling (H.225.0, 7): Q.931 messages whose User-user element holds what H.323 says.

use super::per::{Choice, Per};
use super::{Found, Tag, h245, ipv4};

/// Protocol discriminator of call control (Q.931, 4.2).
const CALL_CONTROL: u8 = 8;
/// The User-user element (H.225.0, 7.2.2.31), and what says that its contents are ASN.1.
const USER_USER: u8 = 0x7e;
const ASN1: u8 = 5;
/// {itu-t(0) recommendation(0) h(8) 2250 version(0)}, without the version.
const H225: [u8; 5] = [0, 8, 0x91, 0x4a, 0];

/// What a Q.931 message opens.
pub(super) fn message(mut per: Per<'_>, found: &mut Found) -> Option<()> {
    let (_, header) = per.octets(2)?;
    let [CALL_CONTROL, reference] = header else { return None };
    // The reference, and the kind of the message.
    per.octets(usize::from(reference & 15) + 1)?;
    loop {
        let (_, &[element]) = per.octets(1)? else { return None };
        match element {
            USER_USER => break,
            // Elements of one byte (Q.931, 4.5.1).
            0x80.. => (),
            _ => {
                let (_, &[count]) = per.octets(1)? else { return None };
                per.octets(usize::from(count))?;
            }
        }
    }
    let count = per.number(0x1_0000)? as usize;
    let (at, element) = per.octets(count)?;
    let (&ASN1, contents) = element.split_first()? else { return None };
    user_information(Per::new(at + 1, contents), found)
}

/// H323-UserInformation, and in it H323-UU-PDU.
fn user_information(mut per: Per<'_>, found: &mut Found) -> Option<()> {
    per.sequence(1)?;
    let mut pdu = per.sequence(1)?;
    match per.choice(7)? {
        Choice::Root(0) => setup(&mut per, found)?,
        Choice::Root(1) => answer(&mut per, found, "H.225 CallProceeding")?,
        Choice::Root(2) => connect(&mut per, found)?,
        Choice::Root(3) => answer(&mut per, found, "H.225 Alerting")?,
        Choice::Root(4) => {
            let information = per.sequence(0)?;
            version(&mut per)?;
            per.end(information)?;
        }
        Choice::Root(6) => facility(&mut per, found)?,
        Choice::Root(_) => return None,
        Choice::Added(number, body) => {
            if number == 0 {
                // What cannot be read of it does not keep the rest from being read.
                let _ = progress(body, found);
            }
        }
    }
    if pdu.has() {
        non_standard(&mut per)?;
    }
    per.additions(pdu, |number, mut tunnelled| {
        if number == 2 {
            let _ = tunnelled.each(|one| {
                h245::messages(one.open()?, found);
                Some(())
            });
        }
    })
}

fn setup(per: &mut Per<'_>, found: &mut Found) -> Option<()> {
    let mut setup = per.sequence(7)?;
    version(per)?;
    if setup.has() {
        h245_address(per, found, "H.225 Setup")?;
    }
    if setup.has() {
        per.each(alias)?;
    }
    endpoint_type(per)?;
    if setup.has() {
        per.each(alias)?;
    }
    if setup.has() {
        transport_address(per)?;
    }
    if setup.has() {
        per.each(alias)?;
    }
    if setup.has() {
        per.each(|one| one.number(0x1_0000).map(drop))?;
    }
    per.boolean()?;
    per.octets(16)?;
    // The conference's goal.
    per.choice(3)?;
    if setup.has() {
        services(per)?;
    }
    // The call's type.
    per.choice(4)?;
    per.additions(setup, |number, body| fast_start_at(6, number, body, found, "fastStart of Setup"))
}

/// CallProceeding-UUIE and Alerting-UUIE.
fn answer(per: &mut Per<'_>, found: &mut Found, what: &'static str) -> Option<()> {
    let mut answer = per.sequence(1)?;
    version(per)?;
    endpoint_type(per)?;
    if answer.has() {
        h245_address(per, found, what)?;
    }
    per.additions(answer, |number, body| fast_start_at(4, number, body, found, "fastStart of an answer"))
}

fn connect(per: &mut Per<'_>, found: &mut Found) -> Option<()> {
    let mut connect = per.sequence(1)?;
    version(per)?;
    if connect.has() {
        h245_address(per, found, "H.225 Connect")?;
    }
    endpoint_type(per)?;
    per.octets(16)?;
    per.additions(connect, |number, body| fast_start_at(4, number, body, found, "fastStart of an answer"))
}

fn facility(per: &mut Per<'_>, found: &mut Found) -> Option<()> {
    let mut facility = per.sequence(3)?;
    version(per)?;
    if facility.has() {
        transport_address(per)?;
    }
    if facility.has() {
        per.each(alias)?;
    }
    if facility.has() {
        per.octets(16)?;
    }
    // The reason.
    per.choice(4)?;
    per.additions(facility, |number, mut body| {
        if number == 6 {
            let _ = h245_address(&mut body, found, "H.225 Facility");
        } else {
            fast_start_at(7, number, body, found, "fastStart of Facility");
        }
    })
}

/// Progress-UUIE, as far as its fast start, which stands before the extension marker.
fn progress(mut per: Per<'_>, found: &mut Found) -> Option<()> {
    let mut progress = per.sequence(5)?;
    version(&mut per)?;
    endpoint_type(&mut per)?;
    if progress.has() {
        h245_address(&mut per, found, "H.225 Progress")?;
    }
    let call = per.sequence(0)?;
    per.octets(16)?;
    per.end(call)?;
    if progress.has() {
        // Only that there is no security is known here.
        match per.choice(4)? {
            Choice::Root(1) | Choice::Added(..) => (),
            Choice::Root(_) => return None,
        }
    }
    // Tokens, which are not read.
    if progress.has() || progress.has() {
        return None;
    }
    if progress.has() {
        fast_start(per, found, "fastStart of an answer")?;
    }
    Some(())
}

fn fast_start_at(expected: u32, number: u32, body: Per<'_>, found: &mut Found, what: &'static str) {
    if number == expected {
        let _ = fast_start(body, found, what);
    }
}

/// Channels that are proposed or accepted with the call itself (H.323, 8.1.7).
fn fast_start(mut per: Per<'_>, found: &mut Found, what: &'static str) -> Option<()> {
    per.each(|one| {
        let _ = h245::open_logical_channel(&mut one.open()?, found, what);
        Some(())
    })
}

/// Where H.245 is to be spoken.
fn h245_address(per: &mut Per<'_>, found: &mut Found, what: &'static str) -> Option<()> {
    if let Some(address) = transport_address(per)? {
        found.add(address, Tag { app: "h.245", what });
    }
    Some(())
}

/// A TransportAddress; of those that are not IPv4 only that they are there.
fn transport_address(per: &mut Per<'_>) -> Option<Option<super::Address>> {
    match per.choice(7)? {
        Choice::Root(0) => return ipv4(per).map(Some),
        Choice::Root(1) => {
            let source_route = per.sequence(0)?;
            ipv4(per)?;
            per.each(|one| one.octets(4).map(drop))?;
            per.choice(2)?;
            per.end(source_route)?;
        }
        Choice::Root(2) => {
            per.octets(12)?;
        }
        Choice::Root(3) => {
            let six = per.sequence(0)?;
            let address = super::ipv6(per)?;
            per.end(six)?;
            return Some(Some(address));
        }
        Choice::Root(4) => {
            per.octets(16)?;
        }
        Choice::Root(5) => {
            let count = per.number(20)? as usize + 1;
            per.octets(count)?;
        }
        Choice::Root(_) => non_standard(per)?,
        Choice::Added(..) => (),
    }
    Some(None)
}

/// A protocolIdentifier, which is H.225.0's.
fn version(per: &mut Per<'_>) -> Option<()> {
    per.open()?.bytes().starts_with(&H225).then_some(())
}

fn alias(per: &mut Per<'_>) -> Option<()> {
    match per.choice(2)? {
        // Digits have four bits each.
        Choice::Root(0) => {
            let digits = per.number(128)? + 1;
            per.octets(0)?;
            (0..digits).try_for_each(|_| per.bits(4).map(drop))
        }
        Choice::Root(_) => {
            let characters = per.number(256)? as usize + 1;
            per.octets(characters * 2).map(drop)
        }
        Choice::Added(..) => Some(()),
    }
}

fn endpoint_type(per: &mut Per<'_>) -> Option<()> {
    let mut endpoint = per.sequence(6)?;
    if endpoint.has() {
        non_standard(per)?;
    }
    if endpoint.has() {
        vendor(per)?;
    }
    // Gatekeeper, gateway, MCU, terminal.
    for kind in 0..4 {
        if !endpoint.has() {
            continue;
        }
        if kind == 1 {
            gateway(per)?;
        } else {
            capabilities(per)?;
        }
    }
    per.bits(2)?;
    per.end(endpoint)
}

fn vendor(per: &mut Per<'_>) -> Option<()> {
    let mut vendor = per.sequence(2)?;
    manufacturer(per)?;
    for _ in 0..2 {
        if vendor.has() {
            let count = per.number(256)? as usize + 1;
            per.octets(count)?;
        }
    }
    per.end(vendor)
}

fn gateway(per: &mut Per<'_>) -> Option<()> {
    let mut gateway = per.sequence(2)?;
    if gateway.has() {
        per.each(|one| match one.choice(9)? {
            Choice::Root(0) => non_standard(one),
            Choice::Root(_) => capabilities(one),
            Choice::Added(..) => Some(()),
        })?;
    }
    if gateway.has() {
        non_standard(per)?;
    }
    per.end(gateway)
}

/// What has nothing but nonStandardData before its extension marker: GatekeeperInfo, McuInfo, TerminalInfo, H310Caps and
/// its likes.
fn capabilities(per: &mut Per<'_>) -> Option<()> {
    let mut one = per.sequence(1)?;
    if one.has() {
        non_standard(per)?;
    }
    per.end(one)
}

fn non_standard(per: &mut Per<'_>) -> Option<()> {
    // The identifier: an object or a manufacturer.
    match per.choice(2)? {
        Choice::Root(0) => {
            per.open()?;
        }
        Choice::Root(_) => manufacturer(per)?,
        Choice::Added(..) => (),
    }
    per.open().map(drop)
}

/// H221NonStandard.
fn manufacturer(per: &mut Per<'_>) -> Option<()> {
    let manufacturer = per.sequence(0)?;
    per.octets(4)?;
    per.end(manufacturer)
}

/// QseriesOptions.
fn services(per: &mut Per<'_>) -> Option<()> {
    let services = per.sequence(0)?;
    per.bits(7)?;
    let details = per.sequence(0)?;
    per.bits(2)?;
    per.end(details)?;
    per.end(services)
}
