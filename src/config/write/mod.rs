//! Rulebases from one format into another: `firstpass convert`.
//!
//! What is written is read again and committed beside the original before anyone sees it: a conversion that does not
//! mean the same is an error. What a format has no form for is left out first, and named.

mod compare;
mod panos;
mod prepare;
mod set;
mod text;
mod toml;
mod xml;

use std::path::Path;

use super::candidate::Candidate;
use super::diagnostic::{ConfigError, Diagnostics};
use super::source::Format;
use super::{Overrides, World, commit, source};

/// What a rulebase is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The TOML of this program.
    Toml,
    /// PAN-OS's XML.
    PanosXml,
    /// PAN-OS's set commands.
    PanosSet,
}

/// A rulebase in another format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted {
    /// The file.
    pub text: String,
    /// What it does not hold, or holds in another way, by name; one sentence each, without trailing punctuation.
    pub notes: Vec<String>,
    /// What was said of the original when it was read.
    pub warnings: Vec<String>,
}

/// Reads a rulebase file (`-` is standard input) and writes it in another format.
///
/// # Errors
/// Where the file is no rulebase, or the format cannot say what it says.
pub fn convert(path: &Path, form: Form, overrides: &Overrides) -> Result<Converted, ConfigError> {
    let bytes = source::read(path, "the path")?;
    convert_bytes(&path.to_string_lossy(), &bytes, form, overrides)
}

/// The same from the bytes of a file; `path` is what messages call it.
///
/// # Errors
/// As [`convert`].
pub fn convert_bytes(
    path: &str,
    bytes: &[u8],
    form: Form,
    overrides: &Overrides,
) -> Result<Converted, ConfigError> {
    let original = super::parse(path, bytes, overrides)?;
    let (file, format) = source::rulebase(path, bytes)?;
    let mut candidate = super::candidate(file, format, overrides, &mut Diagnostics::default());
    let notes = prepare::prepare(&mut candidate, form, &original);
    let text = match form {
        Form::Toml => toml::write(&candidate),
        Form::PanosXml => xml::write(panos::parts(&candidate)),
        Form::PanosSet => set::write(&panos::parts(&candidate)),
    };
    if text.trim().is_empty() {
        // What there is to compare with is no rulebase at all.
        let note = "the configuration holds nothing that a rulebase is made of".to_owned();
        return Ok(Converted { text, notes: [notes, vec![note]].concat(), warnings: original.warnings });
    }
    check(path, &original, candidate, &text, form)?;
    Ok(Converted { text, notes, warnings: original.warnings })
}

/// Reads the result and compares it with what was to be written.
fn check(
    path: &str,
    original: &World,
    candidate: Candidate,
    text: &str,
    form: Form,
) -> Result<(), ConfigError> {
    let wrong = |why: String| {
        let message = format!("it cannot be written as {}: {why}", form.name());
        ConfigError::whole(path, message, "rename or remove what is named here, or choose another format")
    };
    let nothing = Overrides::default();
    let mut out = Diagnostics::default();
    let given = super::given(&nothing, &mut out)?;
    let info = super::info(path, Format::Toml, 0);
    let intended = commit::commit(candidate, given, &nothing, info, &mut out);
    let intended = intended.ok_or_else(|| wrong(first_line(out, path, "")))?;
    let written = super::parse("the result", text.as_bytes(), &nothing);
    let written: World = written.map_err(|error| wrong(error.to_string()))?;
    // Zones are compared with the original itself, for a format may tell them in another way.
    let difference = compare::difference(&intended, &written).or_else(|| compare::zones(original, &written));
    difference.map_or(Ok(()), |why| Err(wrong(why)))
}

fn first_line(out: Diagnostics, path: &str, text: &str) -> String {
    out.into_error(path, text).to_string().lines().next().unwrap_or_default().to_owned()
}

impl Form {
    /// What people call it.
    const fn name(self) -> &'static str {
        match self {
            Self::Toml => "TOML",
            Self::PanosXml => "PAN-OS XML",
            Self::PanosSet => "PAN-OS set commands",
        }
    }
}
