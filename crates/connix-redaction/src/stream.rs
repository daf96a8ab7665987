//! Bytes that come in chunks: what could be the beginning of a value is held back until it is known what it is.

use crate::{MASK, Redactor};

/// Takes the values of a [`Redactor`] out of what is pushed, wherever it is cut into chunks.
#[derive(Debug)]
pub struct Stream<'r> {
    redactor: &'r Redactor,
    held: Vec<u8>,
    /// Of the longest form.
    longest: usize,
    /// The last that was shown is a mask.
    ends_masked: bool,
}

impl<'r> Stream<'r> {
    pub(crate) fn new(redactor: &'r Redactor) -> Self {
        let longest = redactor.forms.iter().map(Vec::len).max().unwrap_or(0);
        Self { redactor, held: Vec::new(), longest, ends_masked: false }
    }

    /// Takes a chunk; gives what can be shown by now.
    pub fn push(&mut self, chunk: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(chunk);
        if self.redactor.finder.is_none() && !self.redactor.is_empty() {
            self.held.clear();
            return MASK.as_bytes().to_vec();
        }
        let doubtful = self.doubtful(0);
        let (mut shown, masked_until) = self.masked(doubtful);
        let until = self.doubtful(masked_until);
        self.show(&mut shown, masked_until, until);
        self.held.drain(..until);
        shown
    }

    /// There is nothing more: gives the rest.
    pub fn finish(mut self) -> Vec<u8> {
        // held back is the beginning of a value, or whole values that could have been longer ones
        let (mut shown, masked_until) = self.masked(self.held.len());
        self.show(&mut shown, masked_until, self.held.len());
        shown
    }

    /// What was pushed was cut off here: a value that had begun is not shown in part.
    pub fn cut_off(self) -> Vec<u8> {
        if self.held.is_empty() { Vec::new() } else { MASK.as_bytes().to_vec() }
    }

    /// What is held up to the last value that begins before `limit`, with masks; and where that value ends. Values that follow each
    /// other have one mask.
    fn masked(&mut self, limit: usize) -> (Vec<u8>, usize) {
        let mut shown = Vec::with_capacity(self.held.len());
        let mut from = 0;
        let Some(finder) = &self.redactor.finder else { return (shown, from) };
        for found in finder.find_iter(&self.held).take_while(|found| found.start() < limit) {
            self.ends_masked &= found.start() == from;
            shown.extend_from_slice(&self.held[from..found.start()]);
            if !self.ends_masked {
                shown.extend_from_slice(MASK.as_bytes());
            }
            (self.ends_masked, from) = (true, found.end());
        }
        (shown, from)
    }

    fn show(&mut self, shown: &mut Vec<u8>, from: usize, until: usize) {
        self.ends_masked &= from == until;
        shown.extend_from_slice(&self.held[from..until]);
    }

    /// Where the longest end of what is held begins that could go on to be a form, from `from` on.
    fn doubtful(&self, from: usize) -> usize {
        let earliest = from.max((self.held.len() + 1).saturating_sub(self.longest));
        (earliest..self.held.len()).find(|at| self.begins_a_form(&self.held[*at..])).unwrap_or(self.held.len())
    }

    /// Whether there is a longer form that begins so. In order, those that do follow what is not greater than `text`.
    fn begins_a_form(&self, text: &[u8]) -> bool {
        let forms = &self.redactor.forms;
        let next = forms.partition_point(|form| form.as_slice() <= text);
        forms.get(next).is_some_and(|form| form.starts_with(text))
    }
}
