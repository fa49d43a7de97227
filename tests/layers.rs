//! The shape of the code: which module may use which, how long files and functions may be, and no clock.
#![expect(clippy::unwrap_used, reason = "a test may panic, in its helpers as well")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The modules from the bottom up: a module uses only those on lines above its own.
///
/// These are the layers of the design, cut finer where modules of one layer lean on each other: decoding reads a
/// capture's frames, policy and configuration name applications, the auditor and the replay feed a report's readers.
const LAYERS: &[&[&str]] = &[
    &["time", "flow"],
    &["capture"],
    &["packet"],
    &["app"],
    &["policy"],
    &["feature"],
    &["config"],
    &["session"],
    &["engine"],
    &["filter"],
    &["report"],
    &["audit", "replay", "lint", "view", "log"],
    &["scenario", "apps", "stages"],
    &["ha", "prove", "lab", "states"],
    &["cli"],
];

/// Documents and lists that stand above all modules.
const ABOVE: [&str; 3] = ["lib", "main", "manual"];

/// Folder, and how many lines a file and a function in it may have. A test may be one long table.
const SIZES: [(&str, usize, usize); 5] = [
    ("src", 600, 70),
    ("benches", 600, 70),
    ("fuzz/src", 600, 70),
    ("fuzz/fuzz_targets", 600, 70),
    ("tests", 800, usize::MAX),
];

/// A Rust file of the repository.
struct File {
    /// As `src/engine/fast.rs`.
    name: String,
    text: String,
}

impl File {
    /// The top module it belongs to.
    fn module(&self) -> &str {
        let inside = self.name.strip_prefix("src/").unwrap_or(&self.name);
        inside.split('/').next().unwrap_or(inside).trim_end_matches(".rs")
    }

    /// Lines of code with their numbers: no comments, and nothing from the unit tests on.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let tests = self.text.lines().position(|line| line == "#[cfg(test)]").unwrap_or(usize::MAX);
        (1..).zip(self.text.lines()).take(tests).filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

fn files(folder: &str) -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).unwrap().display().to_string();
                found.push(File { name, text: std::fs::read_to_string(path).unwrap() });
            }
        }
    }
    found
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// The modules that a line of code names behind `crate::`.
fn used(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("crate::").filter_map(|(at, found)| {
        let rest = line.get(at + found.len()..)?;
        let end = rest.find(|char: char| !char.is_alphanumeric() && char != '_').unwrap_or(rest.len());
        rest.get(..end)
    })
}

#[test]
fn a_module_uses_only_layers_below_its_own() {
    let mut report = String::new();
    for file in files("src") {
        let module = file.module();
        if ABOVE.contains(&module) {
            continue;
        }
        let Some(own) = layer(module) else {
            writeln!(report, "{}: `{module}` has no place among the layers", file.name).unwrap();
            continue;
        };
        for (number, line) in file.code() {
            for used in used(line).filter(|&used| used != module) {
                if layer(used).is_none_or(|layer| layer >= own) {
                    writeln!(report, "{}:{number}: `{module}` uses `{used}`", file.name).unwrap();
                }
            }
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

/// The rule itself: what it must find.
#[test]
fn the_layers_test_can_fail() {
    assert_eq!(used("use crate::engine::Events; crate::app::x()").collect::<Vec<_>>(), ["engine", "app"]);
    // A list behind `crate::` would hide what it names: it counts as a module without layer.
    assert_eq!(used("use crate::{engine, app};").collect::<Vec<_>>(), [""]);
    assert!(layer("session") < layer("engine") && layer("").is_none());
}

/// The library never looks at the machine's clock: time is an argument.
#[test]
fn nobody_reads_a_clock() {
    let mut report = String::new();
    for file in files("src") {
        for (number, line) in file.code() {
            if ["Instant::now", "SystemTime::now", "Zoned::now", "Timestamp::now"]
                .iter()
                .any(|now| line.contains(now))
            {
                writeln!(report, "{}:{number}: {}", file.name, line.trim()).unwrap();
            }
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

#[test]
fn files_and_functions_are_short() {
    let mut report = String::new();
    for (folder, file_max, function_max) in SIZES {
        for file in files(folder) {
            let lines = file.text.lines().count();
            if lines > file_max {
                writeln!(report, "{}: {lines} lines", file.name).unwrap();
            }
            for (number, name, lines) in functions(&file.text) {
                if lines > function_max {
                    writeln!(report, "{}:{number}: `{name}` has {lines} lines", file.name).unwrap();
                }
            }
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

/// Line, name and length of every function: from its `fn` to the brace at the same depth, as rustfmt writes them.
fn functions(text: &str) -> Vec<(usize, &str, usize)> {
    const QUALIFIERS: [&str; 6] = ["pub", "pub(super)", "pub(crate)", "const", "async", "unsafe"];
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let Some((before, rest)) = line.split_once("fn ") else { continue };
        let rest_of_file = || lines.iter().skip(index);
        let has_body = rest_of_file()
            .find(|line| line.ends_with(['{', '}', ';']))
            .is_some_and(|line| !line.ends_with(';'));
        if !before.split_whitespace().all(|word| QUALIFIERS.contains(&word)) || !has_body {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let close = format!("{:indent$}}}", "");
        let length = if line.ends_with('}') {
            1
        } else {
            rest_of_file().take_while(|line| **line != close).count() + 1
        };
        found.push((index + 1, rest.split(['(', '<']).next().unwrap_or(rest), length));
    }
    found
}
