//! Security profiles and custom threat signatures, names not resolved (PANOS.md 12.1).

use super::{Name, Signature};
use crate::feature::threat::{Action, Decoder, FileAction, Host, Kind, Severity, TrackBy, UrlAction};

/// Names of profiles by kind, such as `virus`.
pub(in crate::config) type ByKind = Vec<(Name, Vec<Name>)>;

/// Everything below `profiles`, `profile-group` and `threats`. Where several are called the same, the first one counts.
#[derive(Debug, Default)]
pub(in crate::config) struct Profiles {
    /// Name, and profiles by kind.
    pub(in crate::config) groups: Vec<(Name, ByKind)>,
    pub(in crate::config) signature: Vec<SignatureProfile>,
    pub(in crate::config) virus: Vec<VirusProfile>,
    pub(in crate::config) url: Vec<UrlProfile>,
    pub(in crate::config) file: Vec<FileProfile>,
    pub(in crate::config) custom: Vec<CustomThreat>,
}

impl Profiles {
    /// Every name of one's own.
    pub(in crate::config) fn names(&self) -> impl Iterator<Item = &Name> {
        let groups = self.groups.iter().map(|(name, _)| name);
        let signature = self.signature.iter().map(|one| &one.name);
        let virus = self.virus.iter().map(|one| &one.name);
        let url = self.url.iter().map(|one| &one.name);
        let file = self.file.iter().map(|one| &one.name);
        let custom = self.custom.iter().map(|one| &one.name);
        groups.chain(signature).chain(virus).chain(url).chain(file).chain(custom)
    }
}

/// `profiles/vulnerability` or `profiles/spyware`.
#[derive(Debug)]
pub(in crate::config) struct SignatureProfile {
    pub(in crate::config) kind: Kind,
    pub(in crate::config) name: Name,
    pub(in crate::config) rules: Vec<SignatureRule>,
    /// Number of a signature, and action; `None` is the signature's own.
    pub(in crate::config) exceptions: Vec<(u32, Option<Action>)>,
}

/// An entry of its `rules`.
#[derive(Debug)]
pub(in crate::config) struct SignatureRule {
    pub(in crate::config) name: Name,
    pub(in crate::config) severity: Vec<Severity>,
    pub(in crate::config) threat_name: Option<Name>,
    pub(in crate::config) host: Host,
    /// `None` is the signature's own.
    pub(in crate::config) action: Option<Action>,
}

/// `profiles/virus`.
#[derive(Debug)]
pub(in crate::config) struct VirusProfile {
    pub(in crate::config) name: Name,
    /// `None` is the decoder's default.
    pub(in crate::config) decoders: Vec<(Decoder, Option<Action>)>,
}

/// `profiles/url-filtering`.
#[derive(Debug)]
pub(in crate::config) struct UrlProfile {
    pub(in crate::config) name: Name,
    pub(in crate::config) categories: Vec<(UrlAction, Vec<Name>)>,
}

/// `profiles/file-blocking`.
#[derive(Debug)]
pub(in crate::config) struct FileProfile {
    pub(in crate::config) name: Name,
    pub(in crate::config) rules: Vec<FileRule>,
}

/// An entry of its `rules`. An empty list is `any`.
#[derive(Debug)]
pub(in crate::config) struct FileRule {
    pub(in crate::config) name: Name,
    pub(in crate::config) applications: Vec<Name>,
    pub(in crate::config) types: Vec<Name>,
    pub(in crate::config) upload: bool,
    pub(in crate::config) download: bool,
    pub(in crate::config) action: FileAction,
}

/// `threats/vulnerability` or `threats/spyware`.
#[derive(Debug)]
pub(in crate::config) struct CustomThreat {
    pub(in crate::config) kind: Kind,
    /// Its number, as it is written.
    pub(in crate::config) id: Name,
    pub(in crate::config) name: Name,
    pub(in crate::config) severity: Severity,
    pub(in crate::config) action: Action,
    pub(in crate::config) host: Host,
    /// Any of them.
    pub(in crate::config) signatures: Vec<Signature>,
    pub(in crate::config) combination: Option<Combination>,
}

/// `signature/combination`: so many hits of other signatures within a time.
#[derive(Debug)]
pub(in crate::config) struct Combination {
    /// Numbers of the signatures, as they are written.
    pub(in crate::config) ids: Vec<Name>,
    /// In seconds.
    pub(in crate::config) interval: u32,
    pub(in crate::config) threshold: u32,
    pub(in crate::config) track_by: TrackBy,
}
