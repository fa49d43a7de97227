//! `firstpass convert`: a rulebase in another format.

use std::path::PathBuf;

use clap::ValueEnum;

use super::error::{CliError, Exit};
use super::output::Streams;
use crate::config::{self, Form, Overrides};
use crate::report::escape;

/// Arguments of `convert`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The result is read again and compared with the original, rule by rule, before it is written; a format that cannot say \
the same is an error. Security, NAT, application-override and decryption rules, objects, interfaces, routes and settings have \
a form in every format; what has none is left out and named on standard error. Only what the model reads is written: no \
password, no key, no certificate.

Examples:
  firstpass convert running-config.xml --to toml --output rules.toml
  firstpass convert panorama.xml --device-group Branch --template Branch-Stack --to panos-set")]
pub(super) struct Convert {
    /// The rulebase: TOML, PAN-OS XML, set commands or braces, told by content; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// The format to write
    #[arg(long, value_enum, value_name = "FORMAT")]
    to: To,

    /// PAN-OS: which virtual system of a firewall is read
    #[arg(long, value_name = "NAME")]
    vsys: Option<String>,

    /// Panorama: which device group is read, with those above it and shared
    #[arg(long, value_name = "NAME")]
    device_group: Option<String>,

    /// Panorama: the template or stack of templates that holds zones, interfaces and routes
    #[arg(long, value_name = "NAME")]
    template: Option<String>,

    /// Write the result to a file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// `--to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum To {
    /// The TOML of this program
    Toml,
    /// A PAN-OS XML configuration of one firewall
    PanosXml,
    /// PAN-OS set commands
    PanosSet,
}

impl Convert {
    pub(super) fn run(self, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
        let form = match self.to {
            To::Toml => Form::Toml,
            To::PanosXml => Form::PanosXml,
            To::PanosSet => Form::PanosSet,
        };
        let overrides = Overrides {
            vsys: self.vsys,
            device_group: self.device_group,
            template: self.template,
            ..Overrides::default()
        };
        let converted = config::convert(&self.file, form, &overrides)
            .map_err(|error| CliError::rendered(Exit::Usage, error.render(streams.colored_errors())))?;
        streams.write_to(self.output.as_ref(), |out| out.write_all(converted.text.as_bytes()))?;
        for note in converted.warnings.iter().chain(&converted.notes) {
            streams.warn(&escape::name(note));
        }
        Ok(Exit::Done)
    }
}
