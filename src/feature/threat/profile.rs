//! Profiles: what is done about what is found.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Custom, Decoder, Kind, Severity, Sight, Threat, Threats};
use crate::flow::Direction;
use crate::policy::RuleId;

/// What is done about a threat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Nothing, and nothing is logged.
    Allow,
    /// It is logged.
    Alert,
    /// The session is dropped from this packet on.
    Drop,
    /// Likewise, with a RST to the client.
    ResetClient,
    /// Likewise, with a RST to the server.
    ResetServer,
    /// Likewise, with a RST to both.
    ResetBoth,
    /// Likewise without a RST, and further packets of the source are dropped for so many seconds.
    BlockIp(TrackBy, u32),
    /// A URL or file is blocked.
    Block,
    /// The user is asked whether to go on, and until then it is blocked.
    Continue,
    /// The user is asked for a password, and until then it is blocked.
    Override,
}

/// Whose packets `block-ip` drops, and whose hits a combination counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TrackBy {
    /// All of the source.
    Source,
    /// Those of the source to the same destination.
    SourceAndDestination,
    /// All to the destination: of combinations only.
    Destination,
}

/// Whose weakness a signature is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Host {
    /// Either's.
    #[default]
    Any,
    /// The client's.
    Client,
    /// The server's.
    Server,
}

/// The profiles of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProfileSet {
    /// Vulnerability protection.
    pub vulnerability: Option<Arc<SignatureProfile>>,
    /// Anti-spyware.
    pub spyware: Option<Arc<SignatureProfile>>,
    /// Antivirus.
    pub virus: Option<Arc<VirusProfile>>,
    /// URL filtering.
    pub url: Option<Arc<UrlProfile>>,
    /// File blocking.
    pub file: Option<Arc<FileProfile>>,
}

/// A vulnerability-protection or anti-spyware profile.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SignatureProfile {
    /// Its name.
    pub name: String,
    /// The first that fits a signature decides.
    pub rules: Vec<SignatureRule>,
    /// Signatures by number that the rules do not decide on.
    pub exceptions: Vec<Exception>,
}

/// A rule of a [`SignatureProfile`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SignatureRule {
    /// Its name.
    pub name: String,
    /// Severities; empty is any.
    pub severity: Vec<Severity>,
    /// Text that the name of the threat contains, in any case of letters; `None` is any.
    pub threat_name: Option<String>,
    /// Whose weakness it is about.
    pub host: Host,
    /// `None` is the signature's own.
    pub action: Option<Action>,
}

/// What is done about one signature, whatever the rules say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// The signature's number.
    pub id: u32,
    /// `None` is the signature's own.
    pub action: Option<Action>,
}

/// An antivirus profile.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VirusProfile {
    /// Its name.
    pub name: String,
    /// By decoder; one that is missing has its default action.
    pub decoders: BTreeMap<Decoder, Action>,
}

/// A URL-filtering profile.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UrlProfile {
    /// Its name.
    pub name: String,
    /// By category; one that is missing is allowed without a log.
    pub categories: BTreeMap<String, UrlAction>,
}

/// What a URL-filtering profile does about a category, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UrlAction {
    /// Nothing.
    Allow,
    /// Logs it.
    Alert,
    /// Asks the user.
    Continue,
    /// Asks the user for a password.
    Override,
    /// Blocks it.
    Block,
}

/// A file-blocking profile.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileProfile {
    /// Its name.
    pub name: String,
    /// The first that fits decides (assumed).
    pub rules: Vec<FileRule>,
}

/// A rule of a [`FileProfile`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRule {
    /// Its name.
    pub name: String,
    /// Applications; empty is any.
    pub applications: Vec<String>,
    /// Types of files, in any case of letters; empty is any.
    pub types: Vec<String>,
    /// Whether it is about what the client sends.
    pub upload: bool,
    /// Whether it is about what the server sends.
    pub download: bool,
    /// What is done.
    pub action: FileAction,
}

/// What a file-blocking profile does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileAction {
    /// Logs it.
    Alert,
    /// Asks the user.
    Continue,
    /// Blocks it.
    Block,
}

/// The EICAR test file in the vendor's content.
const EICAR: (u32, &str) = (100_000, "Eicar Test File");

impl ProfileSet {
    /// Whether nothing is looked for.
    pub const fn is_empty(&self) -> bool {
        self.vulnerability.is_none()
            && self.spyware.is_none()
            && self.virus.is_none()
            && self.url.is_none()
            && self.file.is_none()
    }

    pub(super) fn judge(
        &self,
        (threats, rule): (&Threats, RuleId),
        sight: &Sight,
        direction: Direction,
        apps: &[&str],
        categories: &[&str],
    ) -> Option<Threat> {
        match sight {
            Sight::Signature { index, object, context, matched } => {
                let custom = threats.custom.get(*index)?;
                let profile = match custom.kind {
                    Kind::Spyware => self.spyware.as_deref()?,
                    _ => self.vulnerability.as_deref()?,
                };
                Some(Threat {
                    kind: custom.kind,
                    id: Some(custom.id),
                    name: custom.name.clone(),
                    severity: custom.severity,
                    action: logged(profile.action(custom)?)?,
                    direction,
                    rule,
                    profile: profile.name.clone(),
                    object: object.clone(),
                    category: None,
                    what: context.name(),
                    evidence: matched.clone(),
                })
            }
            Sight::Virus { decoder, file } => {
                let profile = self.virus.as_deref()?;
                let action = profile.decoders.get(decoder).copied();
                Some(Threat {
                    kind: Kind::Virus,
                    id: Some(EICAR.0),
                    name: EICAR.1.to_owned(),
                    severity: Severity::Medium,
                    action: logged(action.unwrap_or_else(|| decoder.default_action()))?,
                    direction,
                    rule,
                    profile: profile.name.clone(),
                    object: file.clone(),
                    category: None,
                    what: "the EICAR test file",
                    evidence: Vec::new(),
                })
            }
            Sight::Url { url, what, .. } => self.judge_url(url, what, (rule, direction), categories),
            Sight::File { types, name } => self.judge_file(types, name, (rule, direction), apps),
        }
    }

    fn judge_url(
        &self,
        url: &[u8],
        what: &'static str,
        (governing, direction): (RuleId, Direction),
        categories: &[&str],
    ) -> Option<Threat> {
        let profile = self.url.as_deref()?;
        let found = categories.iter().filter_map(|name| Some((*profile.categories.get(*name)?, *name)));
        // Of several categories the strictest one counts; of those that are as strict the first.
        let (action, category) = found.reduce(|one, two| if two.0 > one.0 { two } else { one })?;
        let (action, severity) = match action {
            UrlAction::Allow => return None,
            UrlAction::Alert => (Action::Alert, Severity::Informational),
            UrlAction::Continue => (Action::Continue, Severity::Informational),
            UrlAction::Override => (Action::Override, Severity::Informational),
            UrlAction::Block => (Action::Block, Severity::Informational),
        };
        Some(Threat {
            kind: Kind::Url,
            id: None,
            name: category.to_owned(),
            severity,
            action,
            direction,
            rule: governing,
            profile: profile.name.clone(),
            object: url.to_vec(),
            category: Some(category.to_owned()),
            what,
            evidence: Vec::new(),
        })
    }

    fn judge_file(
        &self,
        types: &[&'static str],
        name: &[u8],
        (governing, direction): (RuleId, Direction),
        apps: &[&str],
    ) -> Option<Threat> {
        let profile = self.file.as_deref()?;
        let rule = profile.rules.iter().find(|rule| rule.fits(types, direction, apps))?;
        let wanted = |one: &&&str| rule.types.iter().any(|name| name.eq_ignore_ascii_case(one));
        let kind = types.iter().find(wanted).or_else(|| types.first())?;
        Some(Threat {
            kind: Kind::File,
            id: None,
            name: (*kind).to_owned(),
            severity: Severity::Low,
            action: match rule.action {
                FileAction::Alert => Action::Alert,
                FileAction::Continue => Action::Continue,
                FileAction::Block => Action::Block,
            },
            direction,
            rule: governing,
            profile: profile.name.clone(),
            object: name.to_vec(),
            category: None,
            what: "the type of the file",
            evidence: Vec::new(),
        })
    }
}

/// `allow` leaves no trace.
fn logged(action: Action) -> Option<Action> {
    (action != Action::Allow).then_some(action)
}

impl SignatureProfile {
    /// What it does about a signature; `None` where no rule is about it.
    fn action(&self, custom: &Custom) -> Option<Action> {
        let exception = self.exceptions.iter().find(|exception| exception.id == custom.id);
        let action = match exception {
            Some(exception) => exception.action,
            None => self.rules.iter().find(|rule| rule.fits(custom))?.action,
        };
        Some(action.unwrap_or(custom.default_action))
    }
}

impl SignatureRule {
    fn fits(&self, custom: &Custom) -> bool {
        let name = |text: &String| custom.name.to_lowercase().contains(&text.to_lowercase());
        (self.severity.is_empty() || self.severity.contains(&custom.severity))
            && self.threat_name.as_ref().is_none_or(name)
            && (self.host == Host::Any || custom.host == Host::Any || self.host == custom.host)
    }
}

impl FileRule {
    fn fits(&self, types: &[&'static str], direction: Direction, apps: &[&str]) -> bool {
        let way = match direction {
            Direction::ClientToServer => self.upload,
            Direction::ServerToClient => self.download,
        };
        let is_type =
            || types.iter().any(|one| self.types.iter().any(|wanted| wanted.eq_ignore_ascii_case(one)));
        let is_app = || self.applications.iter().any(|wanted| apps.contains(&wanted.as_str()));
        way && !types.is_empty()
            && (self.types.is_empty() || is_type())
            && (self.applications.is_empty() || is_app())
    }
}

impl Action {
    /// Whether the session is blocked.
    pub const fn blocks(self) -> bool {
        !matches!(self, Self::Allow | Self::Alert)
    }

    /// Whether the client and the server get a RST. A blocked URL or file is closed on both sides: the block page that
    /// PAN-OS may send before (PANOS.md 3.2) is not modelled.
    pub const fn resets(self) -> [bool; 2] {
        match self {
            Self::ResetClient => [true, false],
            Self::ResetServer => [false, true],
            Self::ResetBoth | Self::Block | Self::Continue | Self::Override => [true, true],
            Self::Allow | Self::Alert | Self::Drop | Self::BlockIp(..) => [false, false],
        }
    }

    /// PAN-OS's spelling in the threat log.
    pub const fn name(self, kind: Kind) -> &'static str {
        match (self, kind) {
            (Self::Allow, _) => "allow",
            (Self::Alert, _) => "alert",
            (Self::Drop, _) => "drop",
            (Self::ResetClient, _) => "reset-client",
            (Self::ResetServer, _) => "reset-server",
            (Self::ResetBoth, _) => "reset-both",
            (Self::BlockIp(..), _) => "block-ip",
            (Self::Block, Kind::Url) => "block-url",
            (Self::Block, _) => "block",
            (Self::Continue, _) => "block-continue",
            (Self::Override, _) => "block-override",
        }
    }
}

impl Host {
    /// PAN-OS's spelling.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

impl TrackBy {
    /// PAN-OS's spelling.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::SourceAndDestination => "source-and-destination",
            Self::Destination => "destination",
        }
    }
}

impl UrlAction {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Allow, Self::Alert, Self::Continue, Self::Override, Self::Block];

    /// PAN-OS's spelling.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Alert => "alert",
            Self::Continue => "continue",
            Self::Override => "override",
            Self::Block => "block",
        }
    }
}

impl FileAction {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Alert, Self::Block, Self::Continue];

    /// PAN-OS's spelling.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Continue => "continue",
            Self::Block => "block",
        }
    }
}
