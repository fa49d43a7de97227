//! Security profiles, as far as packets decide them (PANOS.md 3.2, 3.3, 4.1–4.3): what is looked for in a session's
//! content, and what a rule's profiles do about it.
//!
//! An [`Inspection`] reads one session on and tells what it comes upon, whatever the profiles are: a custom signature
//! that is met, a host that is asked for, a file of some type, a virus. [`Threats::judge`] holds that against the
//! profiles of the rule that governs the session. The vendor's own signatures are not part of the model: of viruses it
//! knows the EICAR test file alone.

mod content;
mod file;
mod file_type;
mod inspection;
mod mail;
mod mailbox;
mod profile;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

pub(crate) use file_type::names as file_types;
pub use inspection::{Inspection, Sight};
pub use profile::{
    Action, Exception, FileAction, FileProfile, FileRule, Host, ProfileSet, SignatureProfile, SignatureRule,
    TrackBy, UrlAction, UrlProfile, VirusProfile,
};

use crate::app::{Context, Reader, Signatures};
use crate::flow::Direction;
use crate::policy::RuleId;

/// What kind of threat something is: the subtypes of PAN-OS's threat log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An exploit.
    Vulnerability,
    /// Spyware that phones home.
    Spyware,
    /// A virus in a file.
    Virus,
    /// A URL of a category.
    Url,
    /// A file of a type.
    File,
}

/// How bad it is, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// For information.
    Informational,
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
    /// Critical.
    Critical,
}

/// The protocols that antivirus profiles tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Decoder {
    /// `ftp`.
    Ftp,
    /// `http`.
    Http,
    /// `imap`.
    Imap,
    /// `pop3`.
    Pop3,
    /// `smb`.
    Smb,
    /// `smtp`.
    Smtp,
}

/// A custom vulnerability or spyware signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Custom {
    /// Vulnerability or spyware.
    pub kind: Kind,
    /// Its number: 41000–45000 or 15000–18000 where it is the user's own (a larger range since PAN-OS 10.0).
    pub id: u32,
    /// Its name.
    pub name: String,
    /// How bad it is.
    pub severity: Severity,
    /// What `default` in a profile means for it.
    pub default_action: Action,
    /// Whose weakness it is about.
    pub host: Host,
    /// What it counts instead of having signatures.
    pub combination: Option<Combination>,
}

/// A combination signature: so many hits of other ones within a time. After that it counts anew (assumed).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Combination {
    /// Numbers of the signatures, of the same kind.
    pub ids: Vec<u32>,
    /// Seconds.
    pub interval: u32,
    /// How many hits.
    pub threshold: u32,
    /// Whose.
    pub track_by: TrackBy,
}

/// A threat that a profile acts on: a row of the threat log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Threat {
    /// What kind it is.
    pub kind: Kind,
    /// Its number, where it has one.
    pub id: Option<u32>,
    /// Its name.
    pub name: String,
    /// How bad it is.
    pub severity: Severity,
    /// What is done about it.
    pub action: Action,
    /// Which way what gave it away went.
    pub direction: Direction,
    /// The rule that governs the session.
    pub rule: RuleId,
    /// The profile that asks for it.
    pub profile: String,
    /// URL or name of the file, raw; empty where there is none.
    pub object: Vec<u8>,
    /// The URL category, of a URL.
    pub category: Option<String>,
    /// What was seen, for people, without what it was seen in.
    pub what: &'static str,
    /// The bytes that go with it, raw.
    pub evidence: Vec<u8>,
}

/// Security profiles of a rulebase, and what they look for.
#[derive(Debug, Clone, Default)]
pub struct Threats {
    /// Signatures; the application of each is its index in `custom`.
    pub(super) signatures: Signatures,
    custom: Vec<Custom>,
    /// By rule.
    sets: Vec<Option<Arc<ProfileSet>>>,
    eicar: Vec<u8>,
    /// So many bytes of compressed content are looked into, decompressed, per message.
    inflated_max: u64,
}

/// Two that mean the same, whatever they were made from.
impl PartialEq for Threats {
    fn eq(&self, other: &Self) -> bool {
        self.custom == other.custom
            && self.sets == other.sets
            && self.signatures.all() == other.signatures.all()
    }
}

impl Threats {
    /// Profiles by rule, in order of rules, and the custom signatures; the application of each signature is its index
    /// in `custom`.
    pub fn new(
        signatures: Signatures,
        custom: Vec<Custom>,
        sets: Vec<Option<Arc<ProfileSet>>>,
        inflated_max: u64,
    ) -> Self {
        // Nobody pays for profiles that no rule has.
        let sets = if sets.iter().all(Option::is_none) { Vec::new() } else { sets };
        Self { signatures, custom, sets, eicar: file::eicar(), inflated_max }
    }

    /// Whether no rule has profiles.
    pub const fn is_off(&self) -> bool {
        self.sets.is_empty()
    }

    /// The profiles of a rule.
    pub fn of(&self, rule: RuleId) -> Option<&ProfileSet> {
        self.sets.get(rule.0 as usize)?.as_deref()
    }

    /// The custom signatures.
    pub fn custom(&self) -> &[Custom] {
        &self.custom
    }

    /// The combinations that count a signature: indices in [`Threats::custom`].
    pub fn counting(&self, index: usize) -> impl Iterator<Item = (usize, &Combination)> {
        let child = self.custom.get(index);
        self.custom.iter().enumerate().filter_map(move |(number, custom)| {
            let combination = custom.combination.as_ref()?;
            let counts = |child: &Custom| child.kind == custom.kind && combination.ids.contains(&child.id);
            child.is_some_and(counts).then_some((number, combination))
        })
    }

    /// Whether the profiles of a rule want anything that this reader tells.
    pub(crate) fn needs(&self, rule: RuleId, reader: &Reader) -> bool {
        let Some(set) = self.of(rule) else { return false };
        let signs = (set.vulnerability.is_some() || set.spyware.is_some())
            && reader.contexts().iter().any(|context| self.signatures.wants(*context));
        let files = set.virus.is_some() || set.file.is_some();
        let tells = |context: Context| reader.contexts().contains(&context);
        let has_files = tells(Context::HttpReqMethod) || tells(Context::SmtpReqArgument);
        let has_hosts = tells(Context::HttpReqMethod) || tells(Context::SslReqChelloSni);
        signs || files && has_files || set.url.is_some() && has_hosts
    }

    /// What the profiles of a rule do about something: `None` where they let it pass unnoticed. `apps` are the
    /// applications that the session is or has been, `categories` those of the host where it is about one.
    pub fn judge(
        &self,
        rule: RuleId,
        sight: &Sight,
        direction: Direction,
        apps: &[&str],
        categories: &[&str],
    ) -> Option<Threat> {
        self.of(rule)?.judge((self, rule), sight, direction, apps, categories)
    }
}

impl Kind {
    /// PAN-OS's spelling in the threat log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vulnerability => "vulnerability",
            Self::Spyware => "spyware",
            Self::Virus => "virus",
            Self::Url => "url",
            Self::File => "file",
        }
    }
}

impl Severity {
    /// All of them, least first.
    pub const ALL: [Self; 5] = [Self::Informational, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// PAN-OS's spelling.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Decoder {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Ftp, Self::Http, Self::Imap, Self::Pop3, Self::Smb, Self::Smtp];

    /// PAN-OS's spelling.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ftp => "ftp",
            Self::Http => "http",
            Self::Imap => "imap",
            Self::Pop3 => "pop3",
            Self::Smb => "smb",
            Self::Smtp => "smtp",
        }
    }

    /// What `default` means in an antivirus profile: mail is alerted on, for a reset would only make the server try
    /// again; anything else is reset (vendor's page on antivirus profiles).
    pub const fn default_action(self) -> Action {
        match self {
            Self::Ftp | Self::Http | Self::Smb => Action::ResetBoth,
            Self::Imap | Self::Pop3 | Self::Smtp => Action::Alert,
        }
    }
}
