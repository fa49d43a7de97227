//! What a terminal leaves in a file: prompts, and lines that say nothing.

/// A line without its prompt: `admin@fw# set …`, `admin@fw(active)> show …`.
pub(super) fn without_prompt(line: &str) -> &str {
    let line = line.trim_start();
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    if is_prompt(word) { rest.trim_start() } else { line }
}

/// Whether a line holds nothing of a configuration: blank, a comment, a prompt with or without a command that shows
/// the configuration, or the place where `edit` stands.
pub(super) fn is_idle(line: &str) -> bool {
    let line = line.trim();
    if line.is_empty() || is_comment(line) || (line.starts_with("[edit") && line.ends_with(']')) {
        return true;
    }
    let command = without_prompt(line);
    command.is_empty() || (command.len() < line.len() && command.starts_with("show"))
}

/// `# …`, and `! …` as RANCID writes it.
pub(super) fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with(['#', '!'])
}

fn is_prompt(word: &str) -> bool {
    word.ends_with(['#', '>']) && word.contains('@') && !word.starts_with(['<', '"', '\''])
}

/// Commands that change a configuration.
const COMMANDS: &[&str] = &["copy", "delete", "edit", "insert", "move", "override", "rename", "set"];

/// Whether a text starts with a command that changes a configuration, perhaps behind a prompt.
pub(super) fn starts_command(text: &str) -> bool {
    let line = memchr::memchr(b'\n', text.as_bytes()).and_then(|end| text.get(..end)).unwrap_or(text);
    let mut words = without_prompt(line).split_whitespace();
    let is_command = words.next().is_some_and(|word| COMMANDS.contains(&word));
    // `set = 1` is TOML.
    is_command && words.next().is_some_and(|word| !word.starts_with('='))
}
