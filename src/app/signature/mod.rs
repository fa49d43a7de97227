//! Signatures of custom applications (PANOS.md 2.8): what they look for, and how far a session has come with them.
//!
//! A signature is a list of conditions that must all be met, each by one of several patterns, each pattern in one
//! context. Watchers turn a session's bytes into [`super::Fact`]s; [`Progress`] holds these against all signatures at once.

mod automaton;
mod pattern;
mod progress;
#[cfg(test)]
mod tests;

pub use pattern::{Doubt, Pattern, PatternError};
pub use progress::{Hit, Progress};

use self::automaton::{Automaton, Room, Use, Used};
use super::{AppId, Context};

/// A signature as it was configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The application it tells.
    pub app: AppId,
    /// What the session must have been before; `None` where that does not matter.
    pub parent: Option<AppId>,
    /// Its name.
    pub name: String,
    /// How long what was met counts.
    pub scope: Scope,
    /// Whether the conditions may be met in any order.
    pub order_free: bool,
    /// All of these must be met, each by one of its alternatives. One without any can never be met.
    pub conditions: Vec<Vec<Alternative>>,
}

/// How long conditions that were met count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scope {
    /// Until the next request (`protocol-data-unit`).
    #[default]
    Transaction,
    /// As long as the session lasts.
    Session,
}

/// A pattern in a context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternative {
    /// Where it must be.
    pub context: Context,
    /// What must be there.
    pub pattern: Pattern,
    /// The method that the request must have: the qualifier `http-method`.
    pub method: Option<String>,
}

/// An alternative whose pattern needs more memory than is spent on one, or than is left: it is never met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge {
    /// Index of the signature.
    pub signature: usize,
    /// Index of the condition.
    pub condition: usize,
    /// Index of the alternative.
    pub alternative: usize,
}

/// All signatures of a rulebase, ready to be looked for.
#[derive(Debug, Clone, Default)]
pub struct Signatures {
    /// In order of configuration.
    all: Vec<Signature>,
    /// By context; shorter where the last contexts are not looked at.
    automata: Vec<Option<Automaton>>,
    /// Whether one of them asks for the method of requests.
    methods: bool,
}

impl Signatures {
    /// So many conditions a signature can have; one with more is never met.
    pub const CONDITIONS_MAX: usize = 64;

    /// Makes automata of the patterns, in order of configuration.
    pub fn compile(signatures: Vec<Signature>) -> (Self, Vec<TooLarge>) {
        let mut by_context: Vec<Vec<Used>> = vec![Vec::new(); Context::ALL.len()];
        let mut methods = false;
        for (index, signature) in
            signatures.iter().enumerate().filter(|(_, signature)| signature.can_be_met())
        {
            for (condition, alternatives) in signature.conditions.iter().enumerate() {
                for (alternative, one) in alternatives.iter().enumerate() {
                    let method = one.method.as_ref().map(|method| method.as_bytes().into());
                    methods |= one.method.is_some();
                    let used = Use { signature: index, condition, alternative, method };
                    if let Some(patterns) = by_context.get_mut(one.context as usize) {
                        add(patterns, &one.pattern, used);
                    }
                }
            }
        }
        let (mut room, mut unfit) = (Room::default(), Vec::new());
        let automata = by_context
            .into_iter()
            .map(|patterns| (!patterns.is_empty()).then(|| Automaton::new(patterns, &mut room, &mut unfit)));
        let all = Self { automata: automata.collect(), all: signatures, methods };
        let too_large = unfit.into_iter().map(|used| TooLarge {
            signature: used.signature,
            condition: used.condition,
            alternative: used.alternative,
        });
        let mut too_large: Vec<TooLarge> = too_large.collect();
        too_large.sort_unstable_by_key(|one| (one.signature, one.condition, one.alternative));
        (all, too_large)
    }

    /// Whether nothing is looked for.
    pub fn is_empty(&self) -> bool {
        self.automata.iter().all(Option::is_none)
    }

    /// Whether any signature looks at a context: the others need not be told.
    pub fn wants(&self, context: Context) -> bool {
        self.automaton(context).is_some() || self.methods && context == Context::HttpReqMethod
    }

    /// All of them in order of configuration, also those that can never be met.
    pub fn all(&self) -> &[Signature] {
        &self.all
    }

    /// The name of a [`Hit`]'s signature.
    pub fn name(&self, signature: usize) -> &str {
        self.all.get(signature).map_or("", |signature| &signature.name)
    }

    fn automaton(&self, context: Context) -> Option<&Automaton> {
        self.automata.get(context as usize)?.as_ref()
    }
}

impl Signature {
    /// Whether something could meet each of its conditions.
    pub fn can_be_met(&self) -> bool {
        let count = self.conditions.len();
        (1..=Signatures::CONDITIONS_MAX).contains(&count) && self.conditions.iter().all(|any| !any.is_empty())
    }
}

/// The same pattern of several signatures is looked for once.
fn add(patterns: &mut Vec<Used>, pattern: &Pattern, used: Use) {
    match patterns.iter_mut().find(|(known, _)| known == pattern) {
        Some((_, uses)) => uses.push(used),
        None => patterns.push((pattern.clone(), vec![used])),
    }
}
