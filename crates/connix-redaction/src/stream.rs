//! Bytes that come in chunks: what could be the beginning of a value is held back until it is known what it is.

use crate::{MASK, Redactor};

/// Takes the values of a [`Redactor`] out of what is pushed, wherever it is cut into chunks.
#[derive(Debug)]
pub struct Stream<'r> {
    redactor: &'r Redactor,
    held: Vec<u8>,
}

impl<'r> Stream<'r> {
    pub(crate) fn new(redactor: &'r Redactor) -> Self {
        Self { redactor, held: Vec::new() }
    }

    /// Takes a chunk; gives what can be shown by now.
    pub fn push(&mut self, chunk: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(chunk);
        let mut shown = Vec::with_capacity(self.held.len());
        let mut from = 0;
        let doubtful = self.doubtful(0);
        if let Some(finder) = &self.redactor.finder {
            for found in finder.find_iter(&self.held) {
                if found.start() >= doubtful {
                    break;
                }
                shown.extend_from_slice(&self.held[from..found.start()]);
                shown.extend_from_slice(MASK.as_bytes());
                from = found.end();
            }
        } else if !self.redactor.is_empty() {
            self.held.clear();
            return MASK.as_bytes().to_vec();
        }
        let until = self.doubtful(from);
        shown.extend_from_slice(&self.held[from..until]);
        self.held.drain(..until);
        shown
    }

    /// There is nothing more: gives the rest.
    pub fn finish(self) -> Vec<u8> {
        // held back is the beginning of a value, or whole values that could have been longer ones
        let Some(finder) = &self.redactor.finder else { return self.held };
        let mut shown = Vec::with_capacity(self.held.len());
        let mut from = 0;
        for found in finder.find_iter(&self.held) {
            shown.extend_from_slice(&self.held[from..found.start()]);
            shown.extend_from_slice(MASK.as_bytes());
            from = found.end();
        }
        shown.extend_from_slice(&self.held[from..]);
        shown
    }

    /// What was pushed was cut off here: a value that had begun is not shown in part.
    pub fn cut_off(self) -> Vec<u8> {
        if self.held.is_empty() { Vec::new() } else { MASK.as_bytes().to_vec() }
    }

    /// Where the longest end of what is held begins that could go on to be a form, from `from` on.
    fn doubtful(&self, from: usize) -> usize {
        let longest = self.redactor.forms.iter().map(Vec::len).max().unwrap_or(0);
        let earliest = from.max((self.held.len() + 1).saturating_sub(longest));
        let begins = |at: &usize| {
            let rest = &self.held[*at..];
            self.redactor.forms.iter().any(|form| form.len() > rest.len() && form.starts_with(rest))
        };
        (earliest..self.held.len()).find(begins).unwrap_or(self.held.len())
    }
}
