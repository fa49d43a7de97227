//! Exact search in the header space: is there a tuple that no rule has taken?
//!
//! A block is cut by what takes part of it until a tuple is left that nothing takes, or nothing is left. That is exact;
//! in the worst case it takes time exponential in the number of rules that meet, so that there is a [`Budget`], after
//! which the answer is "gave up" and never a wrong one.

use std::ops::ControlFlow;

use super::product::Block;
use crate::policy::lookup::Query;

/// How many steps searches may take, each about a microsecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget(u64);

impl Budget {
    /// So many steps.
    pub const fn new(steps: u64) -> Self {
        Self(steps)
    }

    /// Steps that are left.
    pub const fn left(self) -> u64 {
        self.0
    }

    /// Takes steps; `Err` where there are not as many left.
    pub(super) fn take(&mut self, steps: u64) -> Result<(), GaveUp> {
        match self.0.checked_sub(steps) {
            Some(left) => self.0 = left,
            None => return Err(GaveUp),
        }
        Ok(())
    }
}

/// The budget was used up before the search came to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the search was given up")]
pub struct GaveUp;

/// A tuple of `start` that nothing takes. `taker` is asked about tuples: it gives a block that holds the tuple and all
/// of which is taken, or nothing.
///
/// # Errors
/// Where the budget is used up.
pub fn untaken<'b>(
    start: &Block,
    mut taker: impl FnMut(&Query) -> Option<&'b Block>,
    budget: &mut Budget,
) -> Result<Option<Query>, GaveUp> {
    let mut left = vec![start.clone()];
    while let Some(block) = left.pop() {
        budget.take(1)?;
        let Some(query) = block.example() else { continue };
        match taker(&query) {
            None => return Ok(Some(query)),
            Some(taken) => left.extend(block.difference(taken)),
        }
    }
    Ok(None)
}

/// One step of a first-match walk: what it takes, and a mark that tells what took it.
#[derive(Debug, Clone, Copy)]
pub struct Taken<'b, T> {
    /// What it takes.
    pub block: &'b Block,
    /// What it is.
    pub by: T,
}

/// Cuts `start` into blocks by the first of `steps` that takes them, and shows each to `visit`, with `None` where no
/// step does. The blocks are disjoint and together they are `start`.
///
/// # Errors
/// Where the budget is used up.
pub fn walk<T: Copy>(
    start: &Block,
    steps: &[Taken<'_, T>],
    budget: &mut Budget,
    mut visit: impl FnMut(Block, Option<T>) -> ControlFlow<()>,
) -> Result<(), GaveUp> {
    let mut left = vec![(start.clone(), 0)];
    while let Some((block, from)) = left.pop() {
        budget.take(1)?;
        if block.is_empty() {
            continue;
        }
        let rest = steps.get(from..).unwrap_or_default();
        let next = rest.iter().position(|step| step.block.meets(&block));
        budget.take(next.unwrap_or(rest.len()) as u64 / 16)?;
        let Some((place, step)) = next.and_then(|place| Some((from + place, rest.get(place)?))) else {
            if visit(block, None).is_break() {
                return Ok(());
            }
            continue;
        };
        if visit(block.intersection(step.block), Some(step.by)).is_break() {
            return Ok(());
        }
        left.extend(block.difference(step.block).into_iter().map(|block| (block, place + 1)));
    }
    Ok(())
}
