//! Which zone has which zone-protection profile.

use crate::config::Zones;
use crate::config::candidate::Candidate;
use crate::config::diagnostic::{Diagnostics, nearest, quote};
use crate::feature::zone_protection::Protections;

/// The profiles of all zones. A profile that a zone names and nothing defines stands elsewhere, as Panorama's templates
/// have it: the zone goes without.
pub(super) fn protections(candidate: &Candidate, zones: &Zones, out: &mut Diagnostics) -> Protections {
    let mut protections = Protections::default();
    for zone in &candidate.zones {
        let Some(name) = &zone.zone_protection else { continue };
        let profile = candidate.protections.iter().rfind(|profile| profile.name.value == name.value);
        match (profile, zones.find(&zone.name.value)) {
            (Some(found), Some(zone)) => protections.set(zone, found.profile.clone()),
            (Some(_), None) => {}
            (None, _) => {
                let known = candidate.protections.iter().map(|profile| profile.name.value.as_str());
                let near =
                    nearest(&name.value, known).map(|near| format!(" (did you mean {}?)", quote(near)));
                out.warn(format!(
                    "zone {} has no zone protection: there is no profile {}{}",
                    quote(&zone.name.value),
                    quote(&name.value),
                    near.unwrap_or_default()
                ));
            }
        }
    }
    protections
}
