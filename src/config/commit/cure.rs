//! What to do about a name that nothing defines, in the words of the format that the rulebase is in.

/// The format of a rulebase, as far as cures go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cures {
    Toml,
    /// XML, set commands or braces: what they call things is the same.
    Panos,
}

impl Cures {
    pub(super) const fn of(is_panos: bool) -> Self {
        if is_panos { Self::Panos } else { Self::Toml }
    }

    pub(super) const fn address(self) -> &'static str {
        match self {
            Self::Toml => {
                "define it under `[address]`, or write an address, a prefix or a range; names of hosts are not looked up"
            }
            Self::Panos => {
                "define it under `address` or `address-group`, or write an address, a prefix or a range; names of hosts \
                 are not looked up"
            }
        }
    }

    pub(super) const fn service(self) -> &'static str {
        match self {
            Self::Toml => "define it under `[service]`, e.g. `ftp-alt = \"tcp/2121\"`",
            Self::Panos => "define it under `service` or `service-group`",
        }
    }

    pub(super) const fn application(self) -> &'static str {
        match self {
            Self::Toml => "define it as `[application.NAME]`; `firstpass apps` lists those predefined",
            Self::Panos => "define it under `application`; `firstpass apps` lists those predefined",
        }
    }

    pub(super) const fn zone(self) -> &'static str {
        match self {
            Self::Toml => "define it under `[zones]`",
            Self::Panos => "define it under `zone`, or say what is behind it with `--zone NAME=CIDR`",
        }
    }

    pub(super) const fn schedule(self) -> &'static str {
        match self {
            Self::Toml => "define it as `[schedule.NAME]`, e.g. with `daily = \"08:00-17:00\"`",
            Self::Panos => "define it under `schedule`",
        }
    }

    pub(super) const fn setting(self) -> &'static str {
        match self {
            Self::Toml => "settings have the keys of PAN-OS, e.g. `timeout-udp` under `[setting.session]`",
            Self::Panos => "settings stand under `deviceconfig setting`, e.g. `session timeout-udp`",
        }
    }

    pub(super) const fn rule_name(self) -> &'static str {
        match self {
            Self::Toml => "add `name = \"...\"`",
            Self::Panos => "give the entry a name",
        }
    }

    /// Where a table stands that says what the firewall looks up elsewhere.
    pub(super) const fn tables(self) -> &'static str {
        match self {
            Self::Toml => "in the rulebase or with `--tables FILE`",
            Self::Panos => "in the TOML file of `--tables FILE`",
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Overrides, parse};

    fn refused(lines: &[&str]) -> String {
        let text = format!(
            "set zone lan network layer3 ethernet1/1\nset rulebase security rules r from lan to lan source 10.0.0.1 \
             destination any application any service service-http action allow\n{}\n",
            lines.join("\n")
        );
        parse("r", text.as_bytes(), &Overrides::default()).map(drop).unwrap_err().to_string()
    }

    #[test]
    fn cures_are_in_the_words_of_the_format() {
        let rule = "set rulebase security rules r";
        let unknown = |key: &str| refused(&[&format!("{rule} {key} qqqqqq")]);
        for (key, cure) in [
            ("source", "define it under `address` or `address-group`, or write"),
            ("service", "define it under `service` or `service-group`"),
            ("from", "define it under `zone`, or say what is behind it with `--zone NAME=CIDR`"),
            ("schedule", "define it under `schedule`"),
        ] {
            let error = unknown(key);
            assert!(error.contains(cure) && !error.contains("`["), "{error}");
        }
        let error = refused(&["set address-group g static qqqqqq"]);
        assert!(error.contains("define it under `address`"), "{error}");
    }

    #[test]
    fn tables_are_no_part_of_a_configuration_of_pan_os() {
        let text = "set rulebase security rules r from any to any source panw-list source-user ann destination KP \
                    category gambling application any service any action allow\nset rulebase security rules r destination \
                    www\nset address www fqdn www.example.org\n";
        let world = parse("r", text.as_bytes(), &Overrides::default()).unwrap();
        let tables = |warning: &&String| warning.contains("`--tables FILE`");
        let found: Vec<&String> = world.warnings.iter().filter(tables).collect();
        assert_eq!(found.len(), 5, "{found:#?}");
        for warning in found {
            assert!(warning.ends_with("in the TOML file of `--tables FILE`"), "{warning}");
        }
    }
}
