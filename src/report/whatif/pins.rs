//! Hosts whose clients are known to accept certain certificates only ("pinning"), or to show one of their own.
//!
//! A capture tells of pinning only where a proxy was tried. These are hosts that vendors of firewalls and proxies, or of
//! the software itself, tell people to exclude from TLS inspection; which of their clients really pin, and since when,
//! differs. The list is short on purpose and a firewall's own predefined list is longer: every entry is a hint and is
//! called `known to pin`, never more. Confidence: community where vendors of the software say so, assumed otherwise.

/// A domain, with everything below it, that is known to pin.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pin {
    /// The domain.
    pub(super) domain: &'static str,
    /// Who that is.
    pub(super) who: &'static str,
    /// What kind of client.
    pub(super) kind: &'static str,
    /// `community` or `assumed`.
    pub(super) confidence: &'static str,
}

const fn community(kind: &'static str, domain: &'static str, who: &'static str) -> Pin {
    Pin { domain, who, kind, confidence: "community" }
}

const fn assumed(kind: &'static str, domain: &'static str, who: &'static str) -> Pin {
    Pin { domain, who, kind, confidence: "assumed" }
}

const UPDATES: &str = "software updates";
const PUSH: &str = "mobile push";
const DEVICES: &str = "device services";
const MEETINGS: &str = "meeting clients";
const MESSAGING: &str = "messaging";
const STORAGE: &str = "file synchronisation";
const REMOTE: &str = "remote support";
const SECURITY: &str = "security software";

/// All, by kind.
pub(super) const PINS: [Pin; 46] = [
    community(UPDATES, "update.microsoft.com", "Windows Update"),
    community(UPDATES, "delivery.mp.microsoft.com", "Windows Update"),
    community(UPDATES, "windowsupdate.com", "Windows Update"),
    community(UPDATES, "sls.microsoft.com", "Windows activation"),
    community(UPDATES, "swcdn.apple.com", "Apple software updates"),
    community(UPDATES, "swscan.apple.com", "Apple software updates"),
    community(UPDATES, "mesu.apple.com", "Apple software updates"),
    community(UPDATES, "gdmf.apple.com", "Apple software updates"),
    community(UPDATES, "xp.apple.com", "Apple software updates"),
    community(UPDATES, "aus5.mozilla.org", "Firefox updates"),
    assumed(UPDATES, "update.googleapis.com", "Chrome updates"),
    assumed(UPDATES, "cdn.redhat.com", "Red Hat subscriptions, which show a client certificate"),
    assumed(
        UPDATES,
        "subscription.rhsm.redhat.com",
        "Red Hat subscriptions, which show a client certificate",
    ),
    community(PUSH, "push.apple.com", "Apple push notifications"),
    community(PUSH, "mtalk.google.com", "Firebase Cloud Messaging"),
    community(PUSH, "wns.windows.com", "Windows push notifications"),
    community(DEVICES, "albert.apple.com", "Apple device activation"),
    community(DEVICES, "gsa.apple.com", "Apple accounts"),
    community(DEVICES, "itunes.apple.com", "App Store"),
    community(DEVICES, "mzstatic.com", "App Store"),
    community(DEVICES, "icloud.com", "iCloud"),
    community(DEVICES, "icloud-content.com", "iCloud"),
    community(DEVICES, "android.clients.google.com", "Google Play"),
    community(DEVICES, "play.googleapis.com", "Google Play"),
    assumed(DEVICES, "events.data.microsoft.com", "Windows diagnostics"),
    community(MEETINGS, "zoom.us", "Zoom"),
    community(MEETINGS, "webex.com", "Webex"),
    community(MEETINGS, "wbx2.com", "Webex"),
    community(MEETINGS, "gotomeeting.com", "GoTo Meeting"),
    assumed(MEETINGS, "teams.microsoft.com", "Microsoft Teams"),
    community(MESSAGING, "whatsapp.net", "WhatsApp"),
    community(MESSAGING, "signal.org", "Signal"),
    community(MESSAGING, "whispersystems.org", "Signal"),
    assumed(MESSAGING, "threema.ch", "Threema"),
    assumed(MESSAGING, "wire.com", "Wire"),
    assumed(MESSAGING, "graph.facebook.com", "apps of Meta"),
    community(STORAGE, "dropbox.com", "Dropbox's client"),
    assumed(STORAGE, "dropboxapi.com", "Dropbox's client"),
    assumed(STORAGE, "sync.com", "Sync"),
    community(REMOTE, "logmein.com", "LogMeIn"),
    community(REMOTE, "teamviewer.com", "TeamViewer"),
    community(REMOTE, "anydesk.com", "AnyDesk"),
    community(SECURITY, "cloudsink.net", "CrowdStrike's sensor"),
    assumed(SECURITY, "sentinelone.net", "SentinelOne's agent"),
    assumed(SECURITY, "sophos.com", "Sophos's endpoint software"),
    assumed(SECURITY, "kaspersky.com", "Kaspersky's updates"),
];

/// What is known of a host.
pub(super) fn find(host: &str) -> Option<&'static Pin> {
    PINS.iter().find(|pin| {
        let before = host.strip_suffix(pin.domain);
        before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_with_all_below() {
        for (host, who) in [
            ("1-courier.push.apple.com", Some("Apple push notifications")),
            ("push.apple.com", Some("Apple push notifications")),
            ("xpush.apple.com", None),
            ("www.apple.com", None),
            ("push.apple.com.example.org", None),
            ("zoom.us", Some("Zoom")),
            ("notzoom.us", None),
            ("", None),
        ] {
            assert_eq!(find(host).map(|pin| pin.who), who, "{host}");
        }
    }

    #[test]
    fn entries_are_plain_and_alone() {
        for pin in &PINS {
            assert!(
                pin.domain.bytes().all(|byte| byte.is_ascii_lowercase() || b".-0123456789".contains(&byte))
            );
            assert!(["community", "assumed"].contains(&pin.confidence));
            assert_eq!(find(pin.domain), Some(pin), "{} is covered twice", pin.domain);
        }
    }
}
