//! What a worker prints: its log and, should it panic, its last words.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use connix_domain::id::AgentId;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Bytes that are kept of each worker.
const KEPT: usize = 64 << 10;
/// Longest line that is passed on in one piece.
const LONGEST_LINE: usize = 16 << 10;

/// The end of what a worker printed.
#[derive(Debug, Clone, Default)]
pub(super) struct Tail(Arc<Mutex<VecDeque<u8>>>);

impl Tail {
    fn push(&self, bytes: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(bytes);
        let surplus = kept.len().saturating_sub(KEPT);
        kept.drain(..surplus);
    }

    /// As text that any store takes: what is not UTF-8 and NUL, which PostgreSQL refuses, are replaced.
    pub(super) fn text(&self) -> String {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(kept.make_contiguous()).replace('\0', "\u{fffd}")
    }
}

/// Reads to the end of the stream: keeps the tail, passes lines on to the server's own log. It always reads, so that a
/// talkative worker never blocks.
pub(super) async fn capture(mut stream: impl AsyncRead + Unpin, tail: Tail, agent: AgentId) {
    let mut chunk = vec![0; 8 << 10];
    let mut lines = Lines::default();
    let pass_on = |line: &str| tracing::debug!(agent.id = %agent, line, "a worker printed");
    while let Ok(read @ 1..) = stream.read(&mut chunk).await {
        tail.push(&chunk[..read]);
        lines.split(&chunk[..read], pass_on);
    }
    lines.finish(pass_on);
}

/// Puts lines together from chunks.
#[derive(Debug, Default)]
struct Lines {
    begun: Vec<u8>,
}

impl Lines {
    fn split(&mut self, chunk: &[u8], mut emit: impl FnMut(&str)) {
        for piece in chunk.split_inclusive(|byte| *byte == b'\n') {
            self.begun.extend_from_slice(piece);
            if self.begun.ends_with(b"\n") || self.begun.len() >= LONGEST_LINE {
                self.finish(&mut emit);
            }
        }
    }

    fn finish(&mut self, mut emit: impl FnMut(&str)) {
        let line = String::from_utf8_lossy(&self.begun);
        if !line.trim_end().is_empty() {
            emit(line.trim_end());
        }
        self.begun.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(chunks: &[&[u8]]) -> Vec<String> {
        let mut splitter = Lines::default();
        let mut lines = Vec::new();
        for chunk in chunks {
            splitter.split(chunk, |line| lines.push(line.to_owned()));
        }
        splitter.finish(|line| lines.push(line.to_owned()));
        lines
    }

    #[test]
    fn lines_are_put_together_from_chunks() {
        assert_eq!(lines(&[b"one\ntw", b"o\n\nthree"]), ["one", "two", "three"]);
    }

    #[test]
    fn a_line_without_end_is_passed_on_in_pieces() {
        let endless = vec![b'x'; LONGEST_LINE];
        assert_eq!(lines(&[&endless, &endless]).len(), 2);
    }

    #[test]
    fn the_end_is_kept_and_is_text() {
        let tail = Tail::default();
        tail.push(&vec![b'x'; KEPT]);
        tail.push(b"a\0b\xff");
        let text = tail.text();
        assert!(text.ends_with("xa\u{fffd}b\u{fffd}"));
        assert_eq!(text.chars().count(), KEPT);
    }
}
